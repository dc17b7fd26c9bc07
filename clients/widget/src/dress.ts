/** Style sheets of parts that are loaded later. */

import type { CSSResult } from "lit";

/** Adds a part's style to the shadow root, once. */
export function dress(root: ParentNode, { styleSheet }: CSSResult): void {
  const shadow = root as ShadowRoot;
  const { adoptedStyleSheets } = shadow;
  if (styleSheet && !adoptedStyleSheets.includes(styleSheet)) shadow.adoptedStyleSheets = [...adoptedStyleSheets, styleSheet];
}
