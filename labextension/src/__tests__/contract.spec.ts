/**
 * The samples of the wire fit the interfaces of `tokens.ts`: the compiler itself is asked, with each sample as an object
 * literal, so that a missing, a wrong and an extra field all fail.
 */
import * as path from 'path';
import * as ts from 'typescript';
import { EMPTY, fold } from '../fold';
import { names, sequence, text } from './contract';

const FOLDER = path.resolve(__dirname, '..');
const FILE = path.join(FOLDER, '__samples.ts');

/** Files of earlier questions: most of them are the language's own. */
const PARSED = new Map<string, ts.SourceFile | undefined>();

/** Fields that the wire has for other readers. */
const UNREAD: { [name: string]: string[] } = { Inspection: ['declarations', 'constraints', 'indexes'] };

/** What the compiler says of literals, each with the name of its type. */
function complaints(samples: { type: string; text: string }[]): string[] {
  const lines = samples.map((sample, index) => `export const s${index}: tokens.${sample.type} = ${sample.text};`);
  const source = [`import * as tokens from './tokens';`, ...lines].join('\n');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    types: []
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version, ...rest) => {
    const file = PARSED.get(name) ?? read(name, version, ...rest);
    PARSED.set(name, file);
    return name === FILE ? ts.createSourceFile(name, source, version) : file;
  };
  const program = ts.createProgram([FILE], options, host);
  const found = program.getSemanticDiagnostics(program.getSourceFile(FILE));
  return found.map(item => {
    const line = source.slice(0, item.start).split('\n').length - 2;
    return `${samples[line]?.type}: ${ts.flattenDiagnosticMessageText(item.messageText, ' ')}`;
  });
}

/** A sample on one line, without what nobody here reads. */
function literal(folder: string, name: string): string {
  const value = JSON.parse(text(folder, name)) as { [field: string]: unknown };
  for (const field of UNREAD[name] ?? []) {
    delete value[field];
  }
  return JSON.stringify(value);
}

describe('contract', () => {
  it('has a sample of every event, and each fits its interface', () => {
    const events = names('events');
    expect(events).toHaveLength(11);
    const samples = events.flatMap(name => [
      { type: name, text: literal('events', name) },
      { type: 'Event', text: literal('events', name) }
    ]);
    expect(complaints(samples)).toEqual([]);
  });

  it('has samples of values that fit their interfaces', () => {
    const samples = names('values').map(name => ({ type: name, text: literal('values', name) }));
    expect(samples.length).toBeGreaterThan(20);
    expect(complaints(samples)).toEqual([]);
  });

  it('has folds that fit RunFold, and entries that fit Entry', () => {
    const samples = names('sequences').flatMap(name => {
      const { entries, fold: folded } = sequence(name);
      return [
        { type: 'RunFold', text: JSON.stringify(folded) },
        { type: 'Entries', text: JSON.stringify({ entries, more: false }) }
      ];
    });
    expect(complaints(samples)).toEqual([]);
  });

  it('would find a missing, a wrong and an extra field', () => {
    const right = '{"name": "numpy", "version": "2.2.3", "size": 1, "reused": false}';
    const wrong = [right.replace('"size": 1, ', ''), right.replace('1', '"1"'), right.replace('{', '{"extra": 1, ')];
    for (const sample of wrong) {
      expect(complaints([{ type: 'PlannedPackage', text: sample }])).toHaveLength(1);
    }
    expect(complaints([{ type: 'PlannedPackage', text: right }])).toEqual([]);
  });

  it.each(names('sequences'))('folds %s as the server does', name => {
    const { entries, fold: folded } = sequence(name);
    expect(fold(EMPTY, entries)).toEqual(folded);
  });
});
