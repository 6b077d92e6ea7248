import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { isOver } from '../fold';
import { Json, Run, RunFold, ServiceAnswer, ServiceApi } from '../tokens';
import { CancelButton } from './cancelbutton';
import { CopyButton } from './copy';
import { FoldedLog } from './foldedlog';
import { Section } from './section';
import { TryIt } from './tryit';

export interface IService {
  run: Run;
  fold: RunFold;
  logHref: string;
  onApi: () => Promise<ServiceApi>;
  onCall: (body: Json, fn: string) => Promise<ServiceAnswer>;
  onStop: () => void;
}

/** Milliseconds between two questions whether the service is ready. */
const PAUSE = 1000;

/** An inference image that runs on the server: where it answers, a form to try it, its log. */
export function ServiceCard(props: IService & { trans: TranslationBundle }): React.JSX.Element {
  const { run, fold, onCall, trans } = props;
  const api = useApi(run, props.onApi);
  const going = !isOver(run.state);
  return (
    <Section title={trans.__('Service')} aside={stateText(run, api, trans)}>
      {going && run.state === 'running' && (
        <div className="jp-Mlpack-Service">
          <code>{run.address}</code>
          <CopyButton text={run.address} label={trans.__('Copy the address')} trans={trans} />
          {isHere() ? (
            <a className="jp-Mlpack-Link" href={`${run.address}/docs`} target="_blank" rel="noreferrer">
              {trans.__('Its page')}
            </a>
          ) : (
            <span className="jp-Mlpack-Soft">{trans.__("on the server's machine only")}</span>
          )}
        </div>
      )}
      {run.state === 'failed' && (
        <p className="jp-Mlpack-Callout jp-mod-warn">
          {[run.failure, fold.failure?.why, fold.failure?.hint].filter(Boolean).join(' ') ||
            trans.__('It ended by itself: its log says why.')}
        </p>
      )}
      {going && api !== null && <TryIt api={api} address={run.address} onCall={onCall} trans={trans} />}
      <FoldedLog key={run.id} fold={fold} href={props.logHref} initially={run.state === 'failed'} trans={trans} />
      {going && (
        <div className="jp-Mlpack-Row jp-mod-end">
          <CancelButton
            run={run}
            label={run.cancelling ? trans.__('Stopping…') : trans.__('Stop the service')}
            question={trans.__('Stop this service?')}
            onCancel={props.onStop}
            trans={trans}
          />
        </div>
      )}
    </Section>
  );
}

/** What the service takes, as soon as it is ready; null until then. A refusal is asked again: it may be starting. */
function useApi(run: Run, ask: () => Promise<ServiceApi>): ServiceApi | null {
  const [api, setApi] = React.useState<{ of: string; api: ServiceApi } | null>(null);
  const latest = React.useRef(ask);
  latest.current = ask;
  const { id, state } = run;
  const known = api?.of === id;
  React.useEffect(() => {
    if (known || state !== 'running') {
      return;
    }
    let timer = 0;
    let left = false;
    const look = async (): Promise<void> => {
      const found = await latest.current().catch(() => null);
      if (left) {
        return;
      }
      if (found?.ready) {
        setApi({ of: id, api: found });
      } else {
        timer = window.setTimeout(() => void look(), PAUSE);
      }
    };
    void look();
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [id, state, known]);
  return known ? api.api : null;
}

/** Whether this page comes from the machine that it is shown on. */
function isHere(): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(window.location.hostname);
}

function stateText(run: Run, api: ServiceApi | null, trans: TranslationBundle): string {
  switch (run.state) {
    case 'queued':
      return trans.__('Waiting for another one to be stopped');
    case 'running':
      return run.cancelling ? trans.__('Stopping…') : api ? trans.__('Answers requests') : trans.__('Starting…');
    case 'failed':
      return trans.__('Failed');
    default:
      return trans.__('Stopped');
  }
}
