// Which of the suite's server scenarios apply to a hub, and why the others do not. docs/mcp.md has the same for people.

export const scenarios = new Set([
  'server-initialize',
  'server-session-lifecycle',
  'server-stateless',
  'ping',
  'tools-list',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
  'caching',
  'http-header-validation',
  'input-required-result-unsupported-methods',
  'input-required-result-validate-input',
])

const tool = 'calls a tool that is made for the suite, and a hub has none'
const prompts = 'a hub has no prompts'
const resources = 'a hub has no resources'
const input = 'a hub asks nothing back: the scenario calls a tool made for the suite that does'
const tasks = 'an extension that a hub does not speak'

export const notApplicable = {
  'logging-set-level': 'a hub sends no log messages',
  'completion-complete': 'a hub has no prompts or resource templates to complete',
  'tools-call-simple-text': tool,
  'tools-call-image': tool,
  'tools-call-audio': tool,
  'tools-call-embedded-resource': tool,
  'tools-call-mixed-content': tool,
  'tools-call-with-logging': tool,
  'tools-call-error': tool,
  'tools-call-with-progress': tool,
  'tools-call-sampling': tool,
  'tools-call-elicitation': tool,
  'json-schema-2020-12': tool,
  'elicitation-sep1034-defaults': tool,
  'elicitation-sep1330-enums': tool,
  'server-sse-polling': 'answers are plain JSON: there is no stream to come back to',
  'resources-list': resources,
  'resources-read-text': resources,
  'resources-read-binary': resources,
  'resources-templates-read': resources,
  'resources-subscribe': resources,
  'resources-unsubscribe': resources,
  'sep-2164-resource-not-found': resources,
  'sep-2640-skills-directory': tasks,
  'sep-2640-skills-enumeration': tasks,
  'sep-2640-skills-manifest': tasks,
  'prompts-list': prompts,
  'prompts-get-simple': prompts,
  'prompts-get-with-args': prompts,
  'prompts-get-embedded-resource': prompts,
  'prompts-get-with-image': prompts,
  'http-custom-header-server-validation': 'no tool wants an argument repeated in a header',
  'tasks-lifecycle': tasks,
  'tasks-capability-negotiation': tasks,
  'tasks-wire-fields': tasks,
  'tasks-request-state-removal': tasks,
  'tasks-mrtr-input': tasks,
  'tasks-request-headers': tasks,
  'tasks-dispatch-and-envelope': tasks,
  'tasks-status-notifications': tasks,
  'tasks-required-task-error': tasks,
  'tasks-mrtr-composition': tasks,
  'input-required-result-basic-elicitation': input,
  'input-required-result-basic-sampling': input,
  'input-required-result-basic-list-roots': input,
  'input-required-result-request-state': input,
  'input-required-result-multiple-input-requests': input,
  'input-required-result-multi-round': input,
  'input-required-result-missing-input-response': input,
  'input-required-result-non-tool-request': input,
  'input-required-result-result-type': input,
  'input-required-result-tampered-state': input,
  'input-required-result-capability-check': input,
  'input-required-result-ignore-extra-params': input,
}

/**
 * Checks of scenarios that apply which cannot pass, by the reason: they want what a hub does not have. One that passes
 * all the same is a fault, so that the list stays true.
 */
export const untestable = {
  'server-stateless': {
    'sep-2575-server-rejects-undeclared-capability': tool,
    'sep-2575-missing-capability-http-400': tool,
    'sep-2575-http-server-no-independent-requests-on-stream': tool,
    'sep-2575-server-no-log-without-loglevel': tool,
  },
  caching: {
    'sep-2549-prompts-list-caching-hints': prompts,
    'sep-2549-resources-list-caching-hints': resources,
    'sep-2549-resources-templates-list-caching-hints': resources,
  },
  'server-sse-multiple-streams': {
    'server-sse-multiple-streams-session': 'before 2026-07-28 it wants a session, which a hub does not keep',
  },
}
