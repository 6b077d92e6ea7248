import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Plan } from '../tokens';
import { aboutText, sizeText } from '../words';
import { Bar } from './bar';

interface IFooterProps {
  plan: Plan | null;
  /** A plan is being worked out; the figures are those of the last one. */
  busy: boolean;
  /** Why there can be no build now; empty when there can. */
  reasons: readonly string[];
  unsaved: boolean;
  /** The notebook was built before. */
  again: boolean;
  onKeep: () => void;
  onBuild: () => void;
  trans: TranslationBundle;
}

/** What the build will cost, and the button; always in sight. Its height never changes with what is known. */
export function Footer(props: IFooterProps): React.JSX.Element {
  const { plan, busy, reasons, unsaved, trans } = props;
  const id = React.useId();
  return (
    <div className={`jp-Mlpack-Footer${busy ? ' jp-mod-busy' : ''}`}>
      <Figures plan={plan} busy={busy} trans={trans} />
      <div className="jp-Mlpack-Row jp-mod-end jp-mod-wrap">
        <p id={id} className="jp-Mlpack-Footer-reason" role="status">
          {reasons.join(' ')}
        </p>
        {unsaved && (
          <button
            type="button"
            className="jp-Mlpack-Button jp-mod-quiet"
            title={trans.__("Write your choices to the notebook's metadata, for the next build and for others")}
            onClick={props.onKeep}
          >
            {trans.__('Keep in notebook')}
          </button>
        )}
        <button
          type="button"
          className="jp-Mlpack-Button jp-mod-primary"
          aria-disabled={reasons.length > 0}
          aria-describedby={id}
          onClick={() => reasons.length === 0 && props.onBuild()}
        >
          {props.again ? trans.__('Rebuild') : trans.__('Build')}
        </button>
      </div>
    </div>
  );
}

interface IFiguresProps {
  plan: Plan | null;
  busy: boolean;
  trans: TranslationBundle;
}

/** Expected size, how much of it is here already, and the time from past builds. */
function Figures({ plan, busy, trans }: IFiguresProps): React.JSX.Element {
  if (plan === null) {
    return (
      <div className="jp-Mlpack-Figures">
        <div className="jp-Mlpack-Figures-line jp-mod-open">
          {busy ? trans.__('Working out size and time…') : trans.__('Size and time are not known yet')}
        </div>
        <Bar label={trans.__('Working out the plan')} value={busy ? null : 0} />
      </div>
    );
  }
  const share = plan.size > 0 ? plan.reused / plan.size : 0;
  const per = Math.floor(share * 100);
  return (
    <div className="jp-Mlpack-Figures">
      <div className="jp-Mlpack-Figures-line">
        <strong>{sizeText(plan.size)}</strong>
        <span>{trans.__('%1% here already', per)}</span>
        <span title={trans.__('From past builds')}>
          {plan.seconds === null ? trans.__('first build') : aboutText(plan.seconds, trans)}
        </span>
      </div>
      <Bar label={trans.__('Share of the image that is here already')} value={share} text={trans.__('%1%', per)} />
    </div>
  );
}
