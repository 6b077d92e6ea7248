import * as React from 'react';
import { IMlpack } from '../tokens';

/** Keep a run's events coming while the component is there. */
export function useFollow(model: Pick<IMlpack, 'follow'>, id: string | null): void {
  React.useEffect(() => {
    if (id === null) {
      return;
    }
    const following = model.follow(id);
    return () => following.dispose();
  }, [model, id]);
}
