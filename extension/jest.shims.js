// What browsers have and jsdom has not, and JupyterLab's packages ask for as they are loaded.
const util = require('util');
const v8 = require('v8');

const missing = {
  DragEvent: class extends MouseEvent {},
  ResizeObserver: class {
    observe() {}
    unobserve() {}
    disconnect() {}
  },
  TextDecoder: util.TextDecoder,
  TextEncoder: util.TextEncoder,
  structuredClone: value => v8.deserialize(v8.serialize(value)),
  matchMedia: () => ({ matches: false, addListener() {}, addEventListener() {} }),
  fetch: () => Promise.reject(new Error('offline')),
  Headers: class {},
  Request: class {},
  Response: class {}
};

for (const [name, value] of Object.entries(missing)) {
  if (!(name in globalThis)) {
    Object.defineProperty(globalThis, name, { value });
  }
}
