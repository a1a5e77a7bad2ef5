/** The part of snappyjs that is used; it comes without types. */
declare module "snappyjs" {
  const snappy: { readonly uncompress: (compressed: Buffer, bytesMax?: number) => Buffer; readonly compress: (bytes: Buffer) => Buffer };
  export default snappy;
}
