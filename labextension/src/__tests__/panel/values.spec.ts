import { Choices, Conflict, Evidence } from '../../tokens';
import {
  addPackage,
  followClaim,
  followed,
  ignoreModule,
  leaveOut,
  provideModule,
  setValue
} from '../../views/choices';
import { phaseRows } from '../../views/phaserows';
import { partsOf } from '../../views/layerparts';
import { imageProblem, pythonProblem, requirementProblem } from '../../views/rules';
import { inNotebook, patch } from '../../views/shown';
import { whyText } from '../../views/why';
import { trans } from '../page';
import { foldOf, makeImage } from './samples';

describe('choices', () => {
  const cases: [string, Choices, Choices][] = [
    [
      'a module has one word said about it',
      provideModule({ ignore: ['a'] }, 'a', 'b'),
      { ignore: [], modules: { a: 'b' } }
    ],
    ['and the other way round', ignoreModule({ modules: { a: 'b' } }, 'a'), { modules: {}, ignore: ['a'] }],
    [
      'a package that is added is not left out',
      addPackage({ without: ['A_b'] }, 'a-b>1'),
      { without: [], packages: ['a-b>1'] }
    ],
    ['one that is left out is not added', leaveOut({ packages: ['a>1'] }, 'a'), { packages: [], without: ['a'] }],
    ['an empty value is none', setValue({ name: 'x' }, 'name', ''), {}]
  ];

  it.each(cases)('%s', (_, made, wanted) => {
    expect(made).toEqual(wanted);
  });

  it.each([
    ['python', '3.12.1', { python: '3.12' }],
    ['hardware', 'gpu T4', { hardware: { accelerator: 'cuda' } }],
    ['pandas', '==1.5.3', { packages: ['pandas==1.5.3'] }]
  ])('follow a claim about %s, and know it again', (subject, says, wanted) => {
    const evidence: Evidence = { rule: 'X', location: { path: '', cell: null, line: null }, text: '' };
    const [first, second] = [
      { source: 'a', says: subject === 'hardware' ? 'cpu' : '==9', evidence },
      { source: 'b', says, evidence }
    ];
    const conflict: Conflict = { subject, claims: [first, second] };
    expect(followClaim({}, subject, second)).toEqual(wanted);
    expect(followed({}, conflict)).toBe(first);
    expect(followed(wanted, conflict)).toBe(second);
  });

  it('are handed on as what changed, with what is gone undefined', () => {
    const same = ['a'];
    expect(patch({ packages: same, name: 'x' }, { packages: same, python: '3.11' })).toEqual({
      name: undefined,
      python: '3.11'
    });
  });
});

describe('rules in words', () => {
  it.each(['digits', 'team/digits:training', 'localhost:5000/a/b', 'ghcr.io/x/y:1.0', 'a__b', '[::1]:5000/a'])(
    'take the image name %s',
    name => expect(imageProblem(name, trans)).toBe('')
  );

  it.each(['Digits', 'a b', 'a//b', '-a', 'a:', 'a:b c', 'https://x/y', 'bad_host!.org/x', 'a/'])(
    'refuse the image name %s',
    name => expect(imageProblem(name, trans)).not.toBe('')
  );

  it.each(['pandas', 'pandas[excel]>=2,<3', 'a @ https://x/y.whl', "a; python_version > '3'"])('take %s', line =>
    expect(requirementProblem(line, trans)).toBe('')
  );

  it.each(['-e .', 'a b', '>=2', 'a>=', '--index-url x'])('refuse %s', line =>
    expect(requirementProblem(line, trans)).not.toBe('')
  );

  it('take a Python of two numbers', () => {
    expect(['3.11', '', '3.9', '2.7', '3', '3.11.2'].map(text => pythonProblem(text, trans) === '')).toEqual([
      true,
      true,
      true,
      false,
      false,
      false
    ]);
  });
});

describe('reasons', () => {
  const at = (cell: number | null, path = 'n.ipynb') => ({ path, cell, line: 2 });

  it.each([
    ['IMP1', at(3), 'import x', 'Imported in cell 3'],
    ['PIP2', at(null, 'extra.txt'), 'pandas', 'Listed in extra.txt, line 2'],
    ['DCL2', at(null), 'x', "Declared in the notebook's metadata"],
    ['NEED1', at(5), 'read_parquet: pandas reads it through pyarrow', 'Pandas reads it through pyarrow'],
    ['HW6', at(5), 'torch.cuda.is_available()', 'torch.cuda.is_available() in cell 5'],
    ['NEW9', at(1), 'whatever it says', 'Whatever it says']
  ])('%s is a sentence', (rule, location, text, wanted) => {
    expect(whyText({ rule, location, text }, trans)).toBe(wanted);
  });

  it('name places as the contents manager does', () => {
    expect(inNotebook(at(1), 'work/n.ipynb').path).toBe('work/n.ipynb');
    expect(inNotebook(at(1, 'other.ipynb'), 'work/n.ipynb').path).toBe('work/other.ipynb');
    expect(inNotebook(at(1, ''), 'n.ipynb').path).toBe('n.ipynb');
  });
});

describe('phases', () => {
  it('that did not begin and were passed over are not shown; those of later are ahead', () => {
    const rows = phaseRows(
      foldOf({ event: 'PhaseStarted', phase: 'inspect' }, { event: 'PhaseStarted', phase: 'build' })
    );
    expect(rows.map(row => row.name)).toEqual(['inspect', 'build', 'export']);
  });

  it('of a build that succeeded are all done', () => {
    const rows = phaseRows(
      foldOf({ event: 'PhaseStarted', phase: 'export' }, { event: 'BuildSucceeded', image: makeImage() })
    );
    expect(rows.map(row => row.state)).toEqual(['done']);
  });
});

describe('the picture of the layers', () => {
  it('puts small ones together', () => {
    const layers = Array.from({ length: 9 }, (_, at) => ({
      diff_id: `d${at}`,
      digest: `s${at}`,
      size: at + 1,
      origin: `l${at}`,
      reused: at !== 0
    }));
    const parts = partsOf(makeImage({ layers }), [], trans);
    expect(parts.map(part => part.size)).toEqual([9, 8, 7, 6, 5, 10]);
    expect(parts[5].label).toBe('4 smaller layers');
    expect(parts[5]).toMatchObject({ size: 10, reused: 9, layers: 4 });
  });
});
