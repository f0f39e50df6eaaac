import { hash } from 'node:crypto';
import { parametersText } from '../domain/parameters.ts';
import type { Db } from './database.ts';

/** 52 bits in hexadecimal digits: as many as a double holds, so that JSON carries them. */
const DIGITS = 13;

/**
 * The same for tasks with the same endpoint and parameters, notes aside. Two others have the same once in 4.5 × 10¹⁵, and only tasks of
 * one day are held against each other: for an account with 100,000 tasks a day that is one chance in a hundred to see it in ten years.
 *
 * @param endpoint - Its number in the dictionary.
 * @param metadata - As the ledger keeps it.
 */
export function likenessOf(endpoint: number, metadata: string): number {
  return parseInt(hash('sha256', `${endpoint} ${parametersText(metadata)}`).slice(0, DIGITS), 16);
}

/** For migrations and repairs: `likeness_of(endpoint, metadata)` in SQL. */
export function defineLikeness(database: Db): void {
  database.function('likeness_of', { deterministic: true }, (endpoint, metadata) =>
    likenessOf(Number(endpoint), String(metadata)),
  );
}
