// structuredClone.

import structuredClone from '@ungap/structured-clone';
import { defineGlobal } from './primordials.js';

defineGlobal('structuredClone', (value) => {
  try {
    return structuredClone(value);
  } catch (error) {
    // The standard's error for functions and symbols; what a getter of the task's throws is passed on.
    if (error instanceof TypeError && /^unable to serialize/.test(error.message)) {
      throw new DOMException(error.message, 'DataCloneError');
    }
    throw error;
  }
});
