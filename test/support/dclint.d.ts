// The package's own types are not where it says they are.
declare module 'dclint' {
  export type Complaint = { readonly rule: string; readonly line: number; readonly message: string };
  export class DCLinter {
    constructor(config: {
      readonly rules: Readonly<Record<string, 0 | 1 | 2>>;
      readonly quiet: boolean;
      readonly debug: boolean;
      readonly exclude: readonly string[];
    });
    lintFiles(paths: readonly string[], recursive: boolean): readonly { readonly messages: readonly Complaint[] }[];
  }
}
