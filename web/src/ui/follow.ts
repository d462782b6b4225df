import type { MouseEvent } from 'react';
import { navigate } from '../router';

/** Follows a link within the app; one that is to open elsewhere is left to the browser. */
export const followed = (to: string) => (event: MouseEvent): void => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  navigate(to);
};
