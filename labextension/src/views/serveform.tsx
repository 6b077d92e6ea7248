import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IMlpack, Run, ServiceRequest } from '../tokens';
import { EngineSelect } from './engineselect';
import { Entered, filled } from './jobdraft';
import { Secrets } from './secretfields';
import { chooseEngine } from './where';

interface IServeFormProps {
  model: Pick<IMlpack, 'draft' | 'inspect' | 'status'>;
  /** The build whose image is to answer requests. */
  build: Run;
  onServe: (request: ServiceRequest) => void;
  onClose: () => void;
  trans: TranslationBundle;
}

/** What a service runs with: the secrets that its notebook reads, and where. */
export function ServeForm({ model, build, onServe, onClose, trans }: IServeFormProps): React.JSX.Element {
  const { path } = build;
  const [secrets, setSecrets] = React.useState<Entered>({});
  const [wanted, setWanted] = React.useState('');
  const form = React.useId();
  const { inspection, busy } = model.draft(path);
  const unread = path !== '' && inspection === null;
  React.useEffect(() => {
    if (unread) {
      void model.inspect(path);
    }
  }, [model, path, unread]);
  const engines = model.status?.engines ?? [];
  const engine = chooseEngine(engines, wanted);
  const reading = unread && busy !== null;
  return (
    <form
      className="jp-Mlpack-Push jp-Mlpack-JobForm"
      aria-label={trans.__('Run the service')}
      onSubmit={event => {
        event.preventDefault();
        if (engine && !reading) {
          onServe({ build: build.id, engine, secrets: filled(secrets) });
        }
      }}
    >
      {reading && <p className="jp-Mlpack-Soft">{trans.__('Reading which secrets the notebook asks for…')}</p>}
      <Secrets
        names={inspection?.secrets.map(secret => secret.name) ?? []}
        values={secrets}
        form={form}
        trans={trans}
        onValue={(name, value) => setSecrets(before => ({ ...before, [name]: value }))}
      />
      <EngineSelect engines={engines} engine={engine} form={form} trans={trans} onEngine={setWanted} />
      <div className="jp-Mlpack-Row jp-mod-end">
        <button type="button" className="jp-Mlpack-Button jp-mod-quiet" onClick={onClose}>
          {trans.__('Close')}
        </button>
        <button type="submit" className="jp-Mlpack-Button jp-mod-primary" disabled={!engine || reading}>
          {trans.__('Start the service')}
        </button>
      </div>
    </form>
  );
}
