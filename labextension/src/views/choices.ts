import { Choices, Claim, Conflict } from '../tokens';

/** The keys of `Choices` that hold names, each of which can be taken back by itself. */
export type ListKey = 'packages' | 'ignore' | 'without' | 'system' | 'requirements' | 'groups';

/** The keys of `Choices` that are one text. */
export type TextKey = 'name' | 'python' | 'purpose' | 'conda' | 'model' | 'platform' | 'stack';

/** A distribution's name as indexes compare it. */
export function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** The distribution of a PEP 508 line: `pandas` of `pandas[excel]>=2`. */
export function nameOf(requirement: string): string {
  return normalised(/^\s*([A-Za-z0-9._-]*)/.exec(requirement)?.[1] ?? '');
}

/** `module` is provided by `distribution`. */
export function provideModule(choices: Choices, module: string, distribution: string): Choices {
  const rest = dropName(choices, 'ignore', module);
  return { ...rest, modules: { ...rest.modules, [module]: distribution } };
}

/** The image may lack `module`. */
export function ignoreModule(choices: Choices, module: string): Choices {
  return addName(dropModule(choices, module), 'ignore', module);
}

/** Ask for a package; another line about the same distribution goes, and it is no longer left out. */
export function addPackage(choices: Choices, requirement: string): Choices {
  const name = nameOf(requirement);
  const packages = (choices.packages ?? []).filter(line => nameOf(line) !== name);
  const kept = { ...choices, packages: [...packages, requirement.trim()] };
  return choices.without?.some(item => normalised(item) === name) ? dropName(kept, 'without', name) : kept;
}

/** The image shall not hold the distribution, whoever asks for it. */
export function leaveOut(choices: Choices, name: string): Choices {
  const packages = choices.packages?.filter(line => nameOf(line) !== normalised(name));
  return addName(packages ? { ...choices, packages } : choices, 'without', name);
}

/** `name` at the end of a list, once. */
export function addName(choices: Choices, key: ListKey, name: string): Choices {
  const names = (choices[key] ?? []).filter(item => !same(key, item, name));
  return { ...choices, [key]: [...names, name] };
}

/** Take a name back. The empty list stays: it beats what the notebook keeps. */
export function dropName(choices: Choices, key: ListKey, name: string): Choices {
  const names = choices[key];
  return names ? { ...choices, [key]: names.filter(item => !same(key, item, name)) } : choices;
}

/** Whether two entries of a list are one: files and groups to the letter, distributions as indexes compare them. */
function same(key: ListKey, one: string, other: string): boolean {
  return one === other || (key !== 'requirements' && key !== 'groups' && normalised(one) === normalised(other));
}

/** Take back what was said about a module. */
export function dropModule(choices: Choices, module: string): Choices {
  if (!choices.modules) {
    return choices;
  }
  const modules = Object.entries(choices.modules).filter(([name]) => name !== module);
  return { ...choices, modules: Object.fromEntries(modules) };
}

/** One of the single values; an empty one is as good as none. */
export function setValue(choices: Choices, key: TextKey, value: string): Choices {
  const changed = { ...choices, [key]: value };
  if (value === '') {
    delete changed[key];
  }
  return changed;
}

/** What the image is made for; no `accelerator` follows the suggestion. */
export function setHardware(choices: Choices, accelerator: string, count: number | null): Choices {
  const hardware = { ...(accelerator ? { accelerator } : {}), ...(accelerator && count ? { count } : {}) };
  return { ...choices, hardware };
}

/** Follow one side of a conflict. */
export function followClaim(choices: Choices, subject: string, claim: Claim): Choices {
  switch (subject) {
    case 'python':
      return setValue(choices, 'python', claim.says.match(/\d+\.\d+/)?.[0] ?? '');
    case 'hardware':
      return setHardware(choices, acceleratorOf(claim.says), null);
    default:
      return addPackage(choices, `${subject}${claim.says}`);
  }
}

/** The claim that is followed: the user's, or the first, which is the one most believed. */
export function followed(choices: Choices, conflict: Conflict): Claim {
  return chosenClaim(choices, conflict) ?? conflict.claims[0];
}

/** The claim that the user chose, if one was chosen. */
export function chosenClaim(choices: Choices, { subject, claims }: Conflict): Claim | undefined {
  const same = (claim: Claim): boolean => {
    const chosen = followClaim({}, subject, claim);
    return (
      (chosen.python !== undefined && chosen.python === choices.python) ||
      (chosen.hardware?.accelerator !== undefined && chosen.hardware.accelerator === choices.hardware?.accelerator) ||
      (chosen.packages?.some(line => choices.packages?.includes(line)) ?? false)
    );
  };
  return claims.find(same);
}

/** `gpu T4` -> `cuda`: a declaration's word as the name of what images are made for. */
function acceleratorOf(says: string): string {
  const word = says.split(/[\s,]/)[0];
  return word === 'gpu' ? 'cuda' : word;
}
