/** The name of the root type that holds a document's content. */
export const kContent = 'content';
