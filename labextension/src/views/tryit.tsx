import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { problemOf } from '../problems';
import { Json, Problem, ServiceAnswer, ServiceApi } from '../tokens';
import { BODY, callFields, otherFunctions, readBody } from './callform';
import { CallInput } from './callinput';
import { CopyLine } from './copy';
import { ProblemCard } from './problem';
import { Select } from './select';

interface ITryItProps {
  api: ServiceApi;
  address: string;
  onCall: (body: Json, fn: string) => Promise<ServiceAnswer>;
  trans: TranslationBundle;
}

/** A request to the service, as a form of its signature, and what it answered. */
export function TryIt({ api, address, onCall, trans }: ITryItProps): React.JSX.Element {
  const id = React.useId();
  const [fn, setFn] = React.useState('');
  const fields = React.useMemo(() => callFields(api, fn), [api, fn]);
  const others = otherFunctions(api);
  const [entered, setEntered] = React.useState<{ [name: string]: string }>({});
  const [busy, setBusy] = React.useState(false);
  const [answer, setAnswer] = React.useState<ServiceAnswer | null>(null);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  const read = readBody(fields, entered, trans);
  const problems = 'problems' in read ? read.problems : {};

  const send = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy || !('body' in read)) {
      return;
    }
    setBusy(true);
    try {
      setAnswer(await onCall(read.body, fn));
      setProblem(null);
    } catch (error) {
      setAnswer(null);
      setProblem(problemOf(error, trans));
    }
    setBusy(false);
  };

  return (
    <form className="jp-Mlpack-TryIt" aria-label={trans.__('Try it')} onSubmit={event => void send(event)}>
      {api.description && <p className="jp-Mlpack-Soft">{api.description.split('\n')[0]}</p>}
      {others.length > 0 && (
        <Select
          label={trans.__('Function')}
          value={fn}
          options={[{ value: '', label: trans.__('The first') }, ...others.map(name => ({ value: name, label: name }))]}
          onChange={name => {
            setFn(name);
            setEntered({});
            setAnswer(null);
          }}
        />
      )}
      {fields.map(field => (
        <CallInput
          key={field.name}
          id={`${id}-${field.name}`}
          label={field.name === BODY ? trans.__('Body, as JSON') : field.name}
          field={field}
          text={entered[field.name] ?? field.initial}
          problem={problems[field.name] ?? ''}
          trans={trans}
          onText={text => setEntered(before => ({ ...before, [field.name]: text }))}
        />
      ))}
      {fields.length === 0 && <p className="jp-Mlpack-Soft">{trans.__('It takes no values.')}</p>}
      <div className="jp-Mlpack-Row jp-mod-end">
        <button type="submit" className="jp-Mlpack-Button" aria-disabled={busy || !('body' in read)}>
          {busy ? trans.__('Asking…') : trans.__('Send')}
        </button>
      </div>
      {problem && <ProblemCard problem={problem} trans={trans} />}
      {answer && <Answer answer={answer} trans={trans} />}
      {'body' in read && (
        <CopyLine
          caption={trans.__('The same in a terminal')}
          label={trans.__('Copy the command for curl')}
          text={curl(address, fn, read.body)}
          trans={trans}
        />
      )}
    </form>
  );
}

function Answer({ answer, trans }: { answer: ServiceAnswer; trans: TranslationBundle }): React.JSX.Element {
  const good = answer.status < 400;
  const took = Math.max(1, Math.round(answer.seconds * 1000));
  const line = good
    ? trans.__('Answered in %1 ms', took)
    : trans.__('Refused with status %1 after %2 ms', answer.status, took);
  return (
    <div className={`jp-Mlpack-Answer jp-mod-${good ? 'good' : 'bad'}`}>
      <p role="status">{line}</p>
      <pre tabIndex={0} aria-label={trans.__('Answer')} role="region">
        {pretty(answer.body)}
      </pre>
      {answer.cut > 0 && (
        <p className="jp-Mlpack-Soft">
          {trans._n('%1 more character is not shown.', '%1 more characters are not shown.', answer.cut)}
        </p>
      )}
    </div>
  );
}

/** JSON with room in it; what is none, as it came. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function curl(address: string, fn: string, body: Json): string {
  const route = fn ? `predict/${fn}` : 'predict';
  const quoted = JSON.stringify(body).replace(/'/g, `'\\''`);
  return `curl ${address}/${route} -H 'content-type: application/json' -d '${quoted}'`;
}
