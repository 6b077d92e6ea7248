import jupyter from '@jupyter/eslint-plugin';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const [jupyterCode, jupyterSchema] = jupyter.configs.recommended;

export default tseslint.config(
  { ignores: ['lib/', 'node_modules/', 'coverage/', 'ui-tests/', '*.js', '*.mjs'] },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: 'tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { jupyter, 'react-hooks': hooks },
    linterOptions: { noInlineConfig: true },
    rules: {
      ...jupyterCode.rules,
      ...hooks.configs.recommended.rules,
      // A token's interface and a namespace of ids may have its name.
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-namespace': 'off',
      // An event handler may be asynchronous when it handles its own failures.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Views take callbacks out of their properties.
      '@typescript-eslint/unbound-method': 'off',
      // Our own modules are small and needed at the start; the lists, which are not, are imported where they open.
      'jupyter/prefer-lazy-imports': ['warn', { ignoreImports: ['./*', '../*', '../../*'] }],
      eqeqeq: ['error', 'smart']
    }
  },
  { files: ['src/__tests__/**'], rules: { 'jupyter/no-untranslated-string': 'off' } },
  { ...jupyterSchema, files: ['schema/*.json'], plugins: { jupyter } }
);
