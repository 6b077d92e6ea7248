import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Run, RunFold } from '../tokens';
import { progressText } from '../words';
import { Bar } from './bar';
import { CancelButton } from './cancelbutton';
import { Field } from './field';
import { imageProblem } from './rules';

interface IPushFormProps {
  /** What the destination ends with unless the user says otherwise: the image's own name. */
  image: string;
  onPush: (destination: string, insecure: boolean) => void;
  onClose: () => void;
  trans: TranslationBundle;
}

/** Where to push an image. */
export function PushForm({ image, onPush, onClose, trans }: IPushFormProps): React.JSX.Element {
  const [destination, setDestination] = React.useState('');
  const [insecure, setInsecure] = React.useState(false);
  const id = React.useId();
  const problem = imageProblem(destination, trans);
  return (
    <form
      className="jp-Mlpack-Push"
      aria-label={trans.__('Push the image')}
      onSubmit={event => {
        event.preventDefault();
        if (destination && !problem) {
          onPush(destination, insecure);
        }
      }}
    >
      <Field
        label={trans.__('Destination')}
        value={destination}
        placeholder={trans.__('registry.example.org/team/%1', image)}
        hint={trans.__('You are logged in there as docker or podman login left it.')}
        problem={problem}
        onChange={setDestination}
      />
      <div className="jp-Mlpack-Choice">
        <input
          type="checkbox"
          id={id}
          checked={insecure}
          onChange={event => setInsecure(event.currentTarget.checked)}
        />
        <label htmlFor={id}>{trans.__('Without TLS')}</label>
        <span className="jp-Mlpack-Soft">{trans.__('Only for a registry on this machine or network.')}</span>
      </div>
      <div className="jp-Mlpack-Row jp-mod-end">
        <button type="button" className="jp-Mlpack-Button jp-mod-quiet" onClick={onClose}>
          {trans.__('Close')}
        </button>
        <button type="submit" className="jp-Mlpack-Button" disabled={!destination || problem !== ''}>
          {trans.__('Push')}
        </button>
      </div>
    </form>
  );
}

interface IDeliveryProps {
  run: Run;
  fold: RunFold;
  /** Without this there is no button to stop it. */
  onCancel?: () => void;
  trans: TranslationBundle;
}

/** How a push goes on and ends. */
export function DeliveryState({ run, fold, onCancel, trans }: IDeliveryProps): React.JSX.Element {
  const { progress } = fold;
  const value = progress?.total ? progress.done / progress.total : null;
  const going = run.state === 'queued' || run.state === 'running';
  return (
    <div className={`jp-Mlpack-Delivery jp-mod-${run.state}`} role="status">
      <p>
        {deliveryText(run, trans)}
        {going && progress !== null && <span className="jp-Mlpack-Soft"> {progressText(progress, trans)}</span>}
      </p>
      {going && <Bar label={trans.__('Progress of the push')} value={value} />}
      {going && onCancel && (
        <div className="jp-Mlpack-Row jp-mod-end">
          <CancelButton
            run={run}
            label={run.cancelling ? trans.__('Stopping…') : trans.__('Cancel')}
            question={trans.__('Stop this push?')}
            onCancel={onCancel}
            trans={trans}
          />
        </div>
      )}
      {run.state === 'failed' && (
        <p className="jp-Mlpack-Soft">
          {fold.failure ? [fold.failure.why, fold.failure.hint].filter(Boolean).join(' ') : ''}
        </p>
      )}
    </div>
  );
}

function deliveryText(run: Run, trans: TranslationBundle): string {
  switch (run.state) {
    case 'queued':
      return trans.__('Waiting to push to %1', run.destination);
    case 'running':
      return trans.__('Pushing to %1', run.destination);
    case 'succeeded':
      return trans.__('Pushed to %1', run.destination);
    case 'cancelled':
      return trans.__('The push to %1 was stopped', run.destination);
    case 'failed':
      return run.failure || trans.__('The push to %1 failed', run.destination);
  }
}
