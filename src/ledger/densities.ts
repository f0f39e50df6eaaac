import type { CoverChange, Segment } from '../domain/coverage.ts';
import type { Density } from '../domain/slicing.ts';
import type { CoverageStore } from './coverage.ts';

/** How dense the walks were that prove something, kept up to date as stretches come and go: there are tens of thousands in a year. */
export type Densities = {
  readonly of: (api: number) => Density[];
  /** Segments have come and gone. */
  readonly changed: (api: number, change: CoverChange) => void;
  readonly forget: () => void;
};

/** A walk that so many segments name; null while nobody has asked how dense it was. What it found does not change any more. */
type Proof = { segments: number; density: Density | null };

/** @param segmentsOf - All of an API, as they are before the changes that are told from then on. */
export function createDensities(coverage: CoverageStore, segmentsOf: (api: number) => readonly Segment[]): Densities {
  const proofs = new Map<number, Map<number, Proof>>();
  const load = (api: number): Map<number, Proof> => {
    const walks = new Map<number, Proof>();
    for (const { walkId } of segmentsOf(api)) count(walks, walkId);
    for (const { walkId, density } of coverage.provenDensities(api)) {
      const proof = walks.get(walkId);
      if (proof !== undefined) proof.density = density;
    }
    proofs.set(api, walks);
    return walks;
  };
  return {
    of: (api) => {
      const walks = proofs.get(api) ?? load(api);
      // In the order in which they began: of two that end at the same second the later one is believed.
      const proven = [...walks].sort(([a], [b]) => a - b);
      const known = proven.flatMap(([walkId, proof]) => (proof.density ??= coverage.densityOf(walkId)) ?? []);
      return [...known, ...coverage.glimpses(api)];
    },
    changed: (api, { removed, added }) => {
      const walks = proofs.get(api);
      if (walks === undefined) return;
      for (const { walkId } of added) count(walks, walkId);
      for (const { walkId } of removed) {
        const proof = walks.get(walkId);
        if (proof === undefined) continue;
        proof.segments -= 1;
        if (proof.segments === 0) walks.delete(walkId);
      }
    },
    forget: () => proofs.clear(),
  };
}

function count(walks: Map<number, Proof>, walkId: number): void {
  const proof = walks.get(walkId);
  if (proof === undefined) walks.set(walkId, { segments: 1, density: null });
  else proof.segments += 1;
}
