// Section 15, as far as a reader meets it.
export const limits = {
  MaxHeader: 65536,
  MaxFrameRaw: 67108864, MaxFrameStored: 68157440, MaxFrameBlocks: 1048576, MaxFrameHead: 5242880,
  MaxBlock: 16777216, // of data, and of metadata in stored form
  MaxLiteral: 256, MaxName: 1023, MaxTarget: 65536, MaxOwnerName: 255,
  MaxXattrName: 255, MaxXattrValue: 65536, MaxXattrTotal: 4194304,
  MaxLeafEntries: 65536, MaxNodeChildren: 65536, MaxNodeLevel: 12, MaxDepth: 8192, MaxSpan: 4611686018427387903n,
  MaxParents: 64, MaxVector: 4096, MaxText: 65536,
  MaxRecipeParams: 4194304, MaxRecipeDepth: 4, MaxRecipeRatio: 256n, MaxRecipeFree: 65536n, MaxDelta: 4194304,
  MaxParityShards: 256, MaxParityCell: 1048576, MaxParityRows: 16777216,
}
