import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Choices, Inspection, Plan } from '../tokens';
import { AddLine } from './addline';
import { addName, addPackage, leaveOut, normalised } from './choices';
import { Chosen } from './chosen';
import { Decisions } from './decisions';
import { Field } from './field';
import { Files } from './files';
import { Item } from './item';
import { Notices, topicOf } from './notices';
import { Others } from './others';
import { PackageRow } from './packagerow';
import { Reveal } from './place';
import { requirementProblem, systemProblem } from './rules';
import { Section } from './section';

/** From so many rows on there is a filter. */
const MANY = 12;

interface IPackagesProps {
  inspection: Inspection;
  plan: Plan | null;
  choices: Choices;
  onChoose: (choices: Choices) => void;
  reveal: Reveal;
  trans: TranslationBundle;
}

/** What the image would hold and why: what is to be decided first, then the packages, then those of the system. */
export function PackagesTab({ inspection, plan, choices, onChoose, reveal, trans }: IPackagesProps): React.JSX.Element {
  const [filter, setFilter] = React.useState('');
  const planned = new Map(plan?.packages.map(item => [normalised(item.name), item]));
  const wanted = new Set(inspection.dependencies.map(item => normalised(item.name)));
  const others = plan?.packages.filter(item => !wanted.has(normalised(item.name))) ?? [];
  const fits = (name: string): boolean => name.toLowerCase().includes(filter.trim().toLowerCase());
  const rows = inspection.dependencies.filter(item => fits(item.name));
  const many = inspection.dependencies.length + others.length > MANY;
  return (
    <>
      <Decisions inspection={inspection} choices={choices} onChoose={onChoose} reveal={reveal} trans={trans} />
      <Notices
        notices={inspection.notices.filter(({ code }) => topicOf(code) === 'packages')}
        reveal={reveal}
        trans={trans}
      />
      <Section title={trans.__('Packages')} aside={inspection.dependencies.length}>
        {many && (
          <Field
            label={trans.__('Filter packages')}
            quiet
            type="search"
            placeholder={trans.__('Filter')}
            value={filter}
            onChange={setFilter}
          />
        )}
        <ul className="jp-Mlpack-List" aria-label={trans.__('Packages')}>
          {rows.map(item => (
            <PackageRow
              key={item.name}
              item={item}
              planned={planned.get(normalised(item.name))}
              onLeaveOut={name => onChoose(leaveOut(choices, name))}
              reveal={reveal}
              trans={trans}
            />
          ))}
        </ul>
        {inspection.dependencies.length + inspection.unresolved.length === 0 && (
          <p className="jp-Mlpack-Soft">{trans.__('None: the standard library is enough.')}</p>
        )}
        <Others packages={others.filter(item => fits(item.name))} open={filter !== ''} trans={trans} />
        <AddLine
          label={trans.__('Package to add')}
          placeholder={trans.__('Add a package')}
          button={trans.__('Add')}
          check={text => requirementProblem(text, trans)}
          onAdd={text => onChoose(addPackage(choices, text))}
        />
      </Section>
      <Section title={trans.__('System packages')} aside={inspection.system.length || undefined}>
        <ul className="jp-Mlpack-List" aria-label={trans.__('System packages')}>
          {inspection.system.map(item => (
            <Item key={item.name} name={item.name} evidence={item.evidence} reveal={reveal} trans={trans} />
          ))}
        </ul>
        <AddLine
          label={trans.__('System package to add')}
          placeholder={trans.__('Add a system package')}
          button={trans.__('Add')}
          check={text => systemProblem(text, trans)}
          onAdd={text => onChoose(addName(choices, 'system', text))}
        />
      </Section>
      <Files choices={choices} onChoose={onChoose} trans={trans} />
      <Chosen choices={choices} onChoose={onChoose} trans={trans} />
    </>
  );
}
