// The keys that do something, and the list of them.

export function Shortcuts() {
  return null;
}
