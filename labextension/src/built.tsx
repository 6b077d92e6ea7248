/** A build that waits, goes on or has ended, with the model behind it. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { isOver } from './fold';
import { IPlaces } from './places';
import { newestOf, serviceOf } from './serving';
import { Action, IMlpack, Location, Run } from './tokens';
import { FailureCard } from './views/failure';
import { useFollow } from './views/hooks';
import { Loading } from './views/loading';
import { Reveal } from './views/place';
import { ProgressView } from './views/progress';
import { ResultCard } from './views/result';
import { ServeForm } from './views/serveform';

interface IBuiltProps {
  model: IMlpack;
  run: Run;
  places: IPlaces;
  /** Wait for something that may be refused, and show why. */
  attempt: (work: Promise<unknown>) => void;
  onAction: (action: Action, location: Location | null) => void;
  onAgain: () => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

export function Built({
  model,
  run,
  places,
  attempt,
  onAction,
  onAgain,
  reveal,
  trans
}: IBuiltProps): React.JSX.Element {
  const fold = model.fold(run.id);
  const delivery = newestOf(model, run, 'delivery');
  useFollow(model, delivery?.id ?? null);
  const service = newestOf(model, run, 'service');
  useFollow(model, service?.id ?? null);
  const logHref = model.logUrl(run.id);
  if (!isOver(run.state)) {
    return (
      <ProgressView
        run={run}
        fold={fold}
        now={() => model.now()}
        logHref={logHref}
        onCancel={() => attempt(model.cancel(run.id))}
        trans={trans}
      />
    );
  }
  if (fold.seq === 0 && run.seq > 0) {
    return <Loading label={trans.__('Fetching what came of the build')} />;
  }
  if (run.state !== 'succeeded' || fold.image === null) {
    return (
      <FailureCard
        key={run.id}
        run={run}
        fold={fold}
        logHref={logHref}
        onAction={action => onAction(action, fold.failure?.location ?? null)}
        onAgain={onAgain}
        reveal={reveal}
        trans={trans}
      />
    );
  }
  const { reference } = fold.image;
  return (
    <ResultCard
      key={run.id}
      run={run}
      fold={fold}
      image={fold.image}
      archiveHref={model.archiveUrl(run.id)}
      logHref={logHref}
      delivery={delivery && { run: delivery, fold: model.fold(delivery.id) }}
      service={service && serviceOf(model, service, attempt)}
      serveForm={close => (
        <ServeForm
          model={model}
          build={run}
          onServe={request => {
            close();
            attempt(model.serve(request));
          }}
          onClose={close}
          trans={trans}
        />
      )}
      onTrain={() => places.train(reference, run.path)}
      onCancelPush={() => delivery && attempt(model.cancel(delivery.id))}
      onPush={(destination, insecure) => attempt(model.deliver(run.id, destination, insecure))}
      onAgain={onAgain}
      trans={trans}
    />
  );
}
