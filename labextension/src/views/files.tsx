import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices } from '../tokens';
import { AddLine } from './addline';
import { addName, setValue } from './choices';
import { DraftField } from './field';
import { fileProblem, groupProblem } from './rules';
import { Section } from './section';

interface IFilesProps {
  choices: Choices;
  onChoose: (choices: Choices) => void;
  trans: TranslationBundle;
}

/** Files that name more than the notebook does: what they declare comes along as a whole. */
export function Files({ choices, onChoose, trans }: IFilesProps): React.JSX.Element {
  return (
    <Section title={trans.__('Files that ask for more')}>
      <p className="jp-Mlpack-Soft">
        {trans.__(
          "A lock, requirements or a project file of the notebook's folder: all that it names, imported or not."
        )}
      </p>
      <AddLine
        label={trans.__('File of requirements to add')}
        placeholder={trans.__('requirements.txt, uv.lock, pyproject.toml')}
        button={trans.__('Add')}
        check={text => fileProblem(text, trans)}
        onAdd={text => onChoose(addName(choices, 'requirements', text))}
      />
      {(choices.requirements ?? []).length > 0 && (
        <AddLine
          label={trans.__('Group or extra to add')}
          placeholder={trans.__('Add a group or an extra of these files')}
          button={trans.__('Add')}
          check={text => groupProblem(text, trans)}
          onAdd={text => onChoose(addName(choices, 'groups', text))}
        />
      )}
      <DraftField
        label={trans.__('Conda environment')}
        value={choices.conda ?? ''}
        placeholder={trans.__('environment.yml')}
        hint={trans.__('The image runs in what this file describes, with its Python and its libraries.')}
        check={text => fileProblem(text, trans)}
        onDone={file => onChoose(setValue(choices, 'conda', file.trim()))}
      />
    </Section>
  );
}
