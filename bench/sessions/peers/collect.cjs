// Loaded into a peer: SIGUSR2 collects its garbage, so that its memory is measured without.
process.on('SIGUSR2', () => {
  globalThis.gc()
  globalThis.gc()
})
