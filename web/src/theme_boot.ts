// Runs before the first paint: puts the theme on <html>, the remembered one or else the system's.
(() => {
  let theme: string | null = null;
  try {
    theme = localStorage.getItem('concord.theme');
  } catch {
    // Storage may be forbidden.
  }
  if (theme !== 'light' && theme !== 'dark') theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.dataset['theme'] = theme;
})();
export {};
