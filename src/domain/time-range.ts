/** Half-open `[since, until)`, epoch ms, whole seconds, `since < until`. */
export type TimeRange = { readonly since: number; readonly until: number };
