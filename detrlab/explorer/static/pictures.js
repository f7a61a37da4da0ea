/* Addresses for picture files that arrive as bytes. */

/** next(bytes) -> address of a WebP file; the one before it is given up, since a drag makes hundreds. */
export function pictureUrls() {
  let current = null;
  const close = () => current && URL.revokeObjectURL(current);
  return {
    next(bytes) {
      close();
      current = URL.createObjectURL(new Blob([bytes], { type: "image/webp" }));
      return current;
    },
    close,
  };
}
