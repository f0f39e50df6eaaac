/** What a chart shows of its range: the same unit for all. */
export type View = { readonly min: number; readonly max: number };

/** How much of what is shown a key moves or leaves. */
const STEP = 0.25;
const CLOSER = 0.5;

/**
 * The view after a key: `+` and `-` zoom about the middle, the arrows move it, `0` and Escape show all. Never beyond the whole,
 * nor closer than `least`. @returns Null for any other key.
 */
export function viewAfter(key: string, view: View, { whole, least }: { whole: View; least: number }): View | null {
  const width = view.max - view.min;
  switch (key) {
    case '+':
    case '=':
      return placed((view.min + view.max) / 2, Math.max(width * CLOSER, least), whole);
    case '-':
      return placed((view.min + view.max) / 2, width / CLOSER, whole);
    case 'ArrowLeft':
      return placed((view.min + view.max) / 2 - width * STEP, width, whole);
    case 'ArrowRight':
      return placed((view.min + view.max) / 2 + width * STEP, width, whole);
    case '0':
    case 'Escape':
      return whole;
    default:
      return null;
  }
}

function placed(middle: number, wish: number, whole: View): View {
  const width = Math.min(wish, whole.max - whole.min);
  const min = Math.min(Math.max(middle - width / 2, whole.min), whole.max - width);
  return { min, max: min + width };
}
