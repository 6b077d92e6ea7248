import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Claim, Conflict } from '../tokens';
import { chosenClaim, followed } from './choices';
import { Reason, Reveal } from './place';

interface IConflictProps {
  conflict: Conflict;
  choices: Choices;
  onFollow: (subject: string, claim: Claim) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** Sources that disagree: one radio button for each, the one that is followed chosen. */
export function ConflictCard({ conflict, choices, onFollow, reveal, trans }: IConflictProps): React.JSX.Element {
  const group = React.useId();
  const chosen = followed(choices, conflict);
  const byUser = chosenClaim(choices, conflict);
  return (
    <li className="jp-Mlpack-Decision jp-mod-conflict">
      <fieldset>
        <legend>
          <code>{subjectText(conflict.subject, trans)}</code> {trans.__('is told in different ways.')}
        </legend>
        {conflict.claims.map((claim, index) => (
          <div key={index} className="jp-Mlpack-Choice">
            <input
              type="radio"
              id={`${group}-${index}`}
              name={group}
              checked={claim === chosen}
              onChange={() => onFollow(conflict.subject, claim)}
            />
            <label htmlFor={`${group}-${index}`}>{claim.says || trans.__('any version')}</label>
            <span className="jp-Mlpack-Soft">
              {claim === byUser && claim.source === 'metadata' ? (
                trans.__('You chose it')
              ) : (
                <Reason evidence={claim.evidence} reveal={reveal} trans={trans} />
              )}
            </span>
          </div>
        ))}
      </fieldset>
    </li>
  );
}

/** Two subjects are no package's name. */
function subjectText(subject: string, trans: TranslationBundle): string {
  switch (subject) {
    case 'python':
      return trans.__('Python');
    case 'hardware':
      return trans.__('Hardware');
    default:
      return subject;
  }
}
