-- account_hold: an operator pauses all endpoints of an account, in steps, or ends that.
--
-- ARGV[ACTION]: 'pause', or '' to end it. ARGV[BEHIND]: the last endpoint of the step before, '' at first. ARGV[OPERATION] is a fresh id.
-- ARGV[ORDER]: see audit.lua; its first step notes it.
-- Returns {the hold or '', the last endpoint of this step if there are more, else ''}.
-- Guarantees: endpoints that are made meanwhile are paused from the start. Repeating a step changes nothing. If the caller stops, upkeep
-- goes on. Each endpoint's owner keeps the state that he gave it.
local account = ARGV[ACCOUNT]
local refusal = upgrade_pending(4) or terms.refusal(account) or misplaced(account)
if refusal then
  return refusal
end
local key = operator.key_of(account)
local known = call('GET', key) or ''
local text = suspend.text(known, ARGV[ACTION], '0', ARGV[REASON])
if text == '' then
  call('DEL', key)
elseif text ~= known then
  call('SET', key, text)
end
local last = suspend.all(account, ARGV[BEHIND], ARGV[OPERATION])
if ARGV[BEHIND] == '' then
  note_order(ARGV[ORDER], ARGV[ACTION] == '' and 'resume' or ARGV[ACTION], account, account, 'done')
end
flush()
wake()
return { text, last }
