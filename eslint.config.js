import js from '@eslint/js';
import ts from 'typescript-eslint';

/**
 * Which rooms of src a room may import from; it may always import from itself. Imports run one way
 * (docs/architecture.md). A file directly under src is a room of its own.
 */
const ARROWS = {
  domain: [],
  time: [],
  config: ['domain', 'time'],
  log: ['config', 'domain', 'time'],
  dataforseo: ['domain', 'time'],
  ledger: ['domain', 'time'],
  simulator: ['time'],
  alerts: ['domain', 'time'],
  harvest: ['domain', 'dataforseo', 'ledger', 'time'],
  checks: ['domain', 'dataforseo', 'ledger', 'config', 'time'],
  http: ['domain', 'ledger', 'harvest', 'config', 'log', 'time'],
  cli: ['domain', 'ledger', 'harvest', 'simulator', 'config', 'log', 'time'],
  app: ['domain', 'dataforseo', 'ledger', 'alerts', 'harvest', 'checks', 'http', 'cli', 'config', 'log', 'time'],
  main: ['app', 'cli', 'time'],
  // What runs in the browser; of the server it knows the shapes of its answers.
  web: ['domain'],
};

const rooms = Object.keys(ARROWS);

const arrows = Object.entries(ARROWS).map(([room, allowed]) => ({
  files: [`src/${room}/**/*.ts`, `src/${room}.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: rooms
          .filter((other) => other !== room && !allowed.includes(other))
          .map((other) => ({
            regex: `^(\\.\\./)+${other}(/|\\.ts$)|^\\./${other}(/|\\.ts$)`,
            message: `src/${room} may not import src/${other}: see "Imports run one way" in docs/architecture.md.`,
          })),
      },
    ],
  },
}));

const bans = {
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
    { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that defines it.' },
    { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Take a Clock (src/time.ts).' },
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Take a Clock (src/time.ts).' },
    {
      selector: "MemberExpression[object.name='process'][property.name='env']",
      message: 'Settings are read once, in src/main.ts.',
    },
  ],
  'no-restricted-globals': ['error', { name: 'fetch', message: 'Take fetch as an argument; src/app.ts passes it.' }],
};

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'data/'] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { allowDefaultCaseForExhaustiveSwitch: false }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      eqeqeq: 'error',
    },
  },
  { files: ['src/**/*.ts'], rules: bans },
  ...arrows,
  // The one file that may read the clock, the two that hold the process and the global fetch, the tools' own configuration.
  { files: ['src/time.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['src/web/**/*.ts'], rules: { 'no-restricted-globals': 'off' } },
  // The one file that takes the server's answers at their word.
  {
    files: ['src/web/ask.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  { files: ['src/main.ts'], rules: { 'no-restricted-syntax': 'off', 'no-restricted-globals': 'off' } },
  {
    files: ['test/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-assertions': 'off',
    },
  },
  { files: ['*.config.*'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['*.js', 'scripts/*.js'], extends: [ts.configs.disableTypeChecked] },
);
