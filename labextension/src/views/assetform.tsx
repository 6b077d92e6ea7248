import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Asset } from '../tokens';
import { AssetEntry, assetMissing, assetOf, assetProblems, isAddress, NO_ASSET } from './assetrules';
import { Field } from './field';

interface IAssetFormProps {
  /** Those that are declared already. */
  others: readonly Asset[];
  onAdd: (asset: Asset) => void;
  trans: TranslationBundle;
}

/** One more asset: what the notebook reads, and where it comes from. */
export function AssetForm({ others, onAdd, trans }: IAssetFormProps): React.JSX.Element {
  const [entry, setEntry] = React.useState(NO_ASSET);
  const id = React.useId();
  const problems = assetProblems(entry, others, trans);
  const missing = assetMissing(entry, trans);
  const wrong = Object.values(problems).some(Boolean);
  const enter = (part: Partial<AssetEntry>): void => setEntry(before => ({ ...before, ...part }));
  return (
    <form
      className="jp-Mlpack-AssetForm"
      aria-label={trans.__('Add data or a model')}
      onSubmit={event => {
        event.preventDefault();
        if (!missing && !wrong) {
          onAdd(assetOf(entry));
          setEntry(NO_ASSET);
        }
      }}
    >
      <Field
        label={trans.__('Path that the notebook reads')}
        value={entry.path}
        placeholder={trans.__('data/train.csv')}
        problem={problems.path}
        onChange={path => enter({ path: path.trim() })}
      />
      <Check
        id={`${id}-mount`}
        label={trans.__('Given when the image runs')}
        hint={trans.__('A mount: nothing of it is in the image.')}
        checked={entry.mount}
        onChange={mount => enter({ mount })}
      />
      {entry.mount ? (
        <Check
          id={`${id}-required`}
          label={trans.__('A run needs it')}
          hint={trans.__('Without it a run ends at once and says so.')}
          checked={entry.required}
          onChange={required => enter({ required })}
        />
      ) : (
        <>
          <Field
            label={trans.__('Source')}
            value={entry.from}
            placeholder={trans.__('https://…, s3://bucket/key, a path, or dvc')}
            problem={problems.from}
            onChange={from => enter({ from: from.trim() })}
          />
          <Field
            label={isAddress(entry.from) ? trans.__('SHA-256') : trans.__('SHA-256, if it must stay the same')}
            value={entry.sha256}
            placeholder={trans.__('what sha256sum prints')}
            problem={problems.sha256}
            onChange={sha256 => enter({ sha256: sha256.trim().toLowerCase() })}
          />
        </>
      )}
      <div className="jp-Mlpack-Row jp-mod-end">
        {entry.path && missing && (
          <span id={`${id}-missing`} className="jp-Mlpack-Soft">
            {missing}
          </span>
        )}
        <button
          type="submit"
          className="jp-Mlpack-Button"
          disabled={Boolean(missing) || wrong}
          aria-describedby={entry.path && missing ? `${id}-missing` : undefined}
        >
          {trans.__('Add data')}
        </button>
      </div>
    </form>
  );
}

interface ICheckProps {
  id: string;
  label: string;
  hint: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

function Check({ id, label, hint, checked, onChange }: ICheckProps): React.JSX.Element {
  return (
    <div className="jp-Mlpack-Choice">
      <input
        type="checkbox"
        id={id}
        checked={checked}
        aria-describedby={`${id}-hint`}
        onChange={event => onChange(event.currentTarget.checked)}
      />
      <label htmlFor={id}>{label}</label>
      <span id={`${id}-hint`} className="jp-Mlpack-Soft">
        {hint}
      </span>
    </div>
  );
}
