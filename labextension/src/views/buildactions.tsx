import * as React from 'react';
import { Drift } from '../tokens';
import { IBuildDetailProps } from './builddetail';
import { CancelButton } from './cancelbutton';
import { serves } from './jobdraft';
import { PushForm } from './push';
import { ServeForm } from './serveform';

interface IMore {
  drift: Drift | null;
  /** Its image answers requests now. */
  serving: boolean;
}

/** What can be done with a build. What cannot be done now stays in its place, with the reason. */
export function BuildActions(props: IBuildDetailProps & IMore): React.JSX.Element {
  const { model, run, places, drift, serving, trans, attempt, onRemove } = props;
  const [pushing, setPushing] = React.useState(false);
  const [asking, setAsking] = React.useState(false);
  const removed = drift?.image === 'missing' ? trans.__('The image is not in the store any more.') : '';
  if (run.ended === null) {
    return (
      <div className="jp-Mlpack-Actions">
        <CancelButton
          run={run}
          label={trans.__('Cancel')}
          question={trans.__('Stop this build?')}
          onCancel={() => attempt(model.cancel(run.id))}
          trans={trans}
        />
      </div>
    );
  }
  return (
    <>
      <div className="jp-Mlpack-Actions">
        <Action
          label={trans.__('Containerize again')}
          blocked={run.path ? '' : trans.__('The notebook is not under this server’s root.')}
          onClick={() => places.containerize(run.path)}
        />
        {run.state === 'succeeded' && (
          <>
            {serves(run, model.fold(run.id).image) ? (
              <Action
                label={trans.__('Run service …')}
                blocked={removed || (serving ? trans.__('It runs already') : '')}
                expanded={asking && !serving}
                onClick={() => setAsking(!asking)}
              />
            ) : (
              <Action
                label={trans.__('Run training')}
                blocked={removed}
                onClick={() => places.train(run.image, run.path)}
              />
            )}
            <Action
              label={trans.__('Push …')}
              blocked={removed}
              expanded={pushing}
              onClick={() => setPushing(!pushing)}
            />
            {removed ? (
              <Action label={trans.__('Download')} blocked={removed} onClick={() => undefined} />
            ) : (
              <a
                className="jp-Mlpack-Button"
                href={model.archiveUrl(run.id)}
                title={trans.__('As an archive for “docker load”')}
                download
              >
                {trans.__('Download')}
              </a>
            )}
          </>
        )}
        <Action label={trans.__('Delete …')} blocked="" onClick={() => onRemove(run.id)} />
      </div>
      {asking && !serving && (
        <ServeForm
          model={model}
          build={run}
          onServe={request => {
            setAsking(false);
            attempt(model.serve(request));
          }}
          onClose={() => setAsking(false)}
          trans={trans}
        />
      )}
      {pushing && (
        <PushForm
          image={run.image}
          onClose={() => setPushing(false)}
          trans={trans}
          onPush={(destination, insecure) => {
            setPushing(false);
            attempt(model.deliver(run.id, destination, insecure));
          }}
        />
      )}
    </>
  );
}

interface IActionProps {
  label: string;
  /** Why it cannot be done; empty if it can. */
  blocked: string;
  expanded?: boolean;
  onClick(): void;
}

function Action({ label, blocked, expanded, onClick }: IActionProps): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-Mlpack-Button"
      disabled={Boolean(blocked)}
      title={blocked || undefined}
      aria-expanded={expanded}
      onClick={onClick}
    >
      {label}
    </button>
  );
}
