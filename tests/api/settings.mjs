// What a hub is started with to be explored: attempts without limit, and hashes that cost little.
export const settings = {
  SIGN_IN_RATE_PER_MINUTE: '0', REGISTER_RATE_PER_MINUTE: '0', ARGON2_MEMORY_KIB: '8192', ARGON2_ITERATIONS: '1',
  SIGN_IN_DELAY_MAX_SECONDS: '0', USER_RATE_PER_MINUTE: '0', ANONYMOUS_RATE_PER_MINUTE: '0',
}
