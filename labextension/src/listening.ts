import * as React from 'react';

import { IMlpack } from './tokens';

/** Draw anew when the model changes, while `active`. */
export function useModel(model: IMlpack, active: boolean): void {
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    if (!active) {
      return;
    }
    draw();
    model.changed.connect(draw);
    return () => {
      model.changed.disconnect(draw);
    };
  }, [model, active]);
}
