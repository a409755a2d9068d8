meta:
  id: vtd
  title: Archive of directory trees, deduplicated, compressed and verified
  file-extension: vtd
  license: CC0-1.0
  ks-version: '0.11'
  endian: le
doc: |
  The structures of a .vtd file, version 1.0, from its first byte to its last trailer. Bytes after the last valid
  trailer (section 9.1) are to be cut off before. What a description like this cannot say, vtd.md does: check sums,
  hashes, compression, what structures say about each other, and most of what makes an encoding the only one.

  Numbers of more than 32 bits are sums here, so that they are right up to 2^53 in languages without 64-bit integers.
doc-ref: vtd.md
seq:
  - id: header
    type: header
  - id: structures
    type: structure
    repeat: eos
instances:
  last_trailer:
    pos: _io.size - 192
    type: structure

types:
  # Section 4
  header:
    seq:
      - id: magic
        contents: [0x89, 'VTD', 0x0d, 0x0a, 0x1a, 0x0a]
      - id: major
        type: u2
        valid: 1
      - id: minor
        type: u2
      - id: len_header
        type: u4
        valid:
          expr: _ == 64 or (_ >= 72 and _ <= 65536)
      - id: flags
        type: u8
        valid:
          max: 2
      - id: ignorable_features
        type: u8
      - id: read_only_features
        type: u8
      - id: hash_function
        type: u1
        enum: hash_function
        valid:
          any-of: [hash_function::blake3, hash_function::sha256]
      - id: reserved
        contents: [0, 0, 0]
      - id: archive_id
        size: 16
      - id: crc
        type: u4
      - id: extension
        size: len_header - 68
        type: extension
        if: len_header > 64
      - id: extension_crc
        type: u4
        if: len_header > 64
    instances:
      is_as_created:
        value: flags == 1
      is_one_pass:
        value: flags == 2
  extension:
    seq:
      - id: records
        type: extension_record
        repeat: eos
  extension_record:
    seq:
      - id: type
        type: u2
        enum: extension_type
      - id: len_data
        type: u2
      - id: data
        size: len_data
        type:
          switch-on: type
          cases:
            extension_type::feature: text
            extension_type::chunker: chunker
            extension_type::layout: layout
            extension_type::preset: text
            _: bytes
  chunker:
    seq:
      - id: algorithm
        type: u1
      - id: min
        type: u4
      - id: target
        type: u4
      - id: max
        type: u4
      - id: run_min
        type: u4
      - id: max_literal
        type: u4
  layout:
    seq:
      - id: len_raw_data
        type: u4
      - id: len_raw_metadata
        type: u4
      - id: level
        type: u1
      - id: long_matches
        type: u1
      - id: order
        type: u1

  structure:
    seq:
      - id: mark
        contents: [0xf5, 'VTD']
        if: offset >= 0
      - id: kind
        type: u2be
        enum: structure_kind
        valid:
          in-enum: true
      - id: line_end
        contents: [0x0d, 0x0a]
      - id: body
        type:
          switch-on: kind
          cases:
            structure_kind::frame: frame
            structure_kind::index: index
            structure_kind::trailer: trailer(offset)
            structure_kind::parity: parity_frame
    instances:
      offset:
        value: _io.pos

  # Section 5
  frame:
    seq:
      - id: kind
        type: u1
        enum: frame_kind
        valid:
          in-enum: true
      - id: codec
        type: u1
        enum: codec
      - id: reserved1
        contents: [0, 0]
      - id: len_head
        type: u4
        valid:
          min: 77
          max: 5242880
      - id: first_block
        type: u8
      - id: num_blocks
        type: u4
        valid:
          min: 1
          max: 1048576
      - id: len_raw
        type: u4
        valid:
          max: 67108864
      - id: len_stored
        type: u4
        valid:
          max: 68157440
      - id: reserved2
        contents: [0, 0, 0, 0]
      - id: stored_hash
        size: 32
      - id: lengths
        size: len_head - 76
        type: uvarints(num_blocks)
      - id: crc
        type: u4
      - id: stored
        size: len_stored
        type:
          switch-on: codec == codec::stored and kind == frame_kind::metadata
          cases:
            true: metadata_blocks(lengths.values)
            false: bytes
  metadata_blocks:
    params:
      - id: lengths
        type: uvarint[]
    seq:
      - id: blocks
        size: lengths[_index].value
        type: metadata_block
        repeat: expr
        repeat-expr: lengths.size

  # Section 6
  metadata_block:
    seq:
      - id: type
        type: u1
        enum: block_type
        valid:
          in-enum: true
      - id: level
        type: uvarint
        if: type == block_type::dir_inner or type == block_type::indirect
      - id: num_rows
        type: uvarint
        if: type == block_type::dir_leaf or type == block_type::dir_inner or type == block_type::indirect
      - id: columns
        type: column(type)
        repeat: eos
  column:
    params:
      - id: block_type
        type: u1
        enum: block_type
    seq:
      - id: id
        type: uvarint
      - id: len_data
        type: uvarint
      - id: data
        size: len_data.value
        type:
          switch-on: block_type.to_i * 1000 + id.value
          cases:
            1004: uvarints(1)
            2001: root_columns
            2004: time
            2005: text
            2006: text
            2007: uvarints_to_end
            2009: vector_rows
            2010: text
            3001: c_strings
            3002: palette_of_uvarint
            3003: palette_of_owner
            3004: times
            3005: uvarints_to_end
            3006: uvarints_to_end
            3007: uvarints_to_end
            3008: palette_of_octet
            3011: uvarints_to_end
            3012: uvarints_to_end
            3013: hashes
            3014: c_strings
            3015: uvarints_to_end
            3016: links
            3017: palette_of_attributes
            3018: times
            3019: uvarints_to_end
            4001: c_strings
            4002: uvarints_to_end
            4003: uvarints_to_end
            5001: palette_of_octet
            5002: uvarints_to_end
            5011: uvarints_to_end
            5012: uvarints_to_end
            5019: uvarints_to_end
            6001: uvarints(1)
            6003: uvarints(1)
            6004: uvarints(1)
            6008: palette_of_octet
            6011: uvarints(1)
            6012: uvarints(1)
            6019: uvarints(1)
            _: bytes
  root_columns:
    doc: The root directory within a snapshot record, as a directory leaf of one entry that has no name.
    seq:
      - id: columns
        type: column(block_type::dir_leaf)
        repeat: eos
  palette_of_uvarint:
    seq:
      - id: num_values
        type: uvarint
      - id: values
        type: uvarint
        repeat: expr
        repeat-expr: num_values.value
      - id: indexes
        type: uvarint
        repeat: eos
  palette_of_octet:
    seq:
      - id: num_values
        type: uvarint
      - id: values
        type: u1
        repeat: expr
        repeat-expr: num_values.value
      - id: indexes
        type: uvarint
        repeat: eos
  palette_of_owner:
    seq:
      - id: num_values
        type: uvarint
      - id: values
        type: owner
        repeat: expr
        repeat-expr: num_values.value
      - id: indexes
        type: uvarint
        repeat: eos
  palette_of_attributes:
    seq:
      - id: num_values
        type: uvarint
      - id: values
        type: attributes
        repeat: expr
        repeat-expr: num_values.value
      - id: indexes
        type: uvarint
        repeat: eos
  owner:
    seq:
      - id: uid
        type: uvarint
      - id: gid
        type: uvarint
      - id: user
        type: string
      - id: group
        type: string
  attributes:
    seq:
      - id: num_values
        type: uvarint
      - id: values
        type: attribute
        repeat: expr
        repeat-expr: num_values.value
  attribute:
    seq:
      - id: name
        type: string
      - id: value
        type: string
  time:
    seq:
      - id: seconds
        type: uvarint
        doc: an svarint
      - id: nanoseconds
        type: uvarint
  times:
    seq:
      - id: coding
        type: u1
        valid:
          max: 2
      - id: time
        type: time
        if: coding == 0
      - id: differences
        type: uvarint
        repeat: eos
        doc: svarints, of seconds with coding 1 and of nanoseconds with coding 2
  links:
    seq:
      - id: num_rows
        type: uvarint
      - id: rows
        type: link
        repeat: expr
        repeat-expr: num_rows.value
  link:
    seq:
      - id: skipped
        type: uvarint
      - id: group
        type: uvarint
        doc: an svarint, the difference from the row before
      - id: num_names
        type: uvarint
  vector_rows:
    seq:
      - id: rows
        type: vector_row
        repeat: eos
  vector_row:
    seq:
      - id: replica
        size: 16
      - id: count
        type: uvarint

  # Section 8
  index:
    seq:
      - id: len_head
        type: u4
        valid: 48
      - id: reserved1
        contents: [0, 0, 0, 0]
      - id: first_block
        type: u8
      - id: num_blocks
        type: u8
      - id: num_frames
        type: u8
      - id: reserved2
        contents: [0, 0, 0, 0]
      - id: crc
        type: u4
      - id: hashes
        size: 32
        repeat: expr
        repeat-expr: num_blocks
      - id: rows
        type: index_row
        repeat: expr
        repeat-expr: num_frames
  index_row:
    seq:
      - id: ofs_frame
        type: u8
      - id: first_block
        type: u8
      - id: num_blocks
        type: u4
      - id: len_head
        type: u4
      - id: len_stored
        type: u4
      - id: len_raw
        type: u4
      - id: kind
        type: u1
        enum: frame_kind
      - id: codec
        type: u1
        enum: codec
      - id: reserved
        contents: [0, 0, 0, 0, 0, 0]

  # Section 9
  trailer:
    params:
      - id: offset
        type: u8
    seq:
      - id: len_trailer
        type: u4
        valid: 192
      - id: reserved1
        contents: [0, 0, 0, 0]
      - id: archive_id
        size: 16
        valid: _root.header.archive_id
      - id: ofs_trailer
        type: u8
        valid: offset
      - id: ofs_segment
        type: u8
        valid:
          max: offset
      - id: ofs_index
        type: u8
      - id: len_index
        type: u8
        valid:
          expr: _ + ofs_index == offset
      - id: ofs_previous
        type: u8
        valid:
          expr: _ < offset
      - id: ofs_base
        type: u8
        valid:
          expr: _ < offset
      - id: num_blocks
        type: u8
      - id: top_block
        type: u8
        valid:
          expr: _ < num_blocks
      - id: top_hash
        size: 32
      - id: index_hash
        size: 32
      - id: num_snapshots
        type: u8
      - id: reserved2
        contents: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      - id: crc
        type: u4

  # Section 9.2
  parity_frame:
    seq:
      - id: len_head
        type: u4
      - id: len_cell
        type: u4
        valid:
          max: 1048576
      - id: archive_id
        size: 16
        valid: _root.header.archive_id
      - id: set_id
        size: 16
      - id: ofs_range
        type: u8
      - id: len_range
        type: u8
        valid:
          min: 192
      - id: num_data_shards
        type: u2
        valid:
          expr: _ >= 1 and len_head == 132 + 16 * _
      - id: num_parity_shards
        type: u2
        valid:
          expr: _ >= 1 and _ + num_data_shards <= 256
      - id: num_rows
        type: u4
        valid:
          min: 1
          max: 16777216
      - id: shard
        type: u2
        valid:
          expr: _ < num_parity_shards
      - id: hash_function
        type: u1
        enum: hash_function
        valid: _root.header.hash_function
      - id: code
        type: u1
        valid: 1
      - id: row
        type: u4
        valid:
          expr: _ < num_rows
      - id: flags
        type: u8
        valid:
          max: 2
      - id: reserved
        contents: [0, 0, 0, 0, 0, 0, 0, 0]
      - id: frame_hash
        size: 32
      - id: cell_hashes
        size: 16
        repeat: expr
        repeat-expr: num_data_shards
      - id: crc
        type: u4
      - id: cell
        size: len_cell

  # Section 1, and what has no structure
  uvarint:
    seq:
      - id: octets
        type: u1
        repeat: until
        repeat-until: _ < 128 or octets.size == 14
    instances:
      num:
        value: octets.size
      value:
        value: |
          octets[0] % 128 + (num > 1 ? octets[1] % 128 * 128 : 0) + (num > 2 ? octets[2] % 128 * 16384 : 0)
          + (num > 3 ? octets[3] % 128 * 2097152 : 0) + (num > 4 ? octets[4] % 128 * 268435456 : 0)
          + (num > 5 ? octets[5] % 128 * 34359738368 : 0) + (num > 6 ? octets[6] % 128 * 4398046511104 : 0)
          + (num > 7 ? octets[7] % 128 * 562949953421312 : 0) + (num > 8 ? octets[8] % 128 * 72057594037927936 : 0)
  uvarints:
    params:
      - id: num_values
        type: u4
    seq:
      - id: values
        type: uvarint
        repeat: expr
        repeat-expr: num_values
      - id: nothing
        size-eos: true
        valid:
          expr: _.size == 0
  uvarints_to_end:
    seq:
      - id: values
        type: uvarint
        repeat: eos
  string:
    seq:
      - id: len
        type: uvarint
      - id: bytes
        size: len.value
  c_strings:
    seq:
      - id: values
        terminator: 0
        repeat: eos
  hashes:
    seq:
      - id: values
        size: 32
        repeat: eos
  text:
    seq:
      - id: value
        size-eos: true
  bytes:
    seq:
      - id: value
        size-eos: true

enums:
  hash_function:
    1: blake3
    2: sha256
  extension_type:
    1: feature
    2: chunker
    3: layout
    4: preset
  structure_kind:
    0x6672: frame
    0x6978: index
    0x7472: trailer
    0x7061: parity
  frame_kind:
    1: metadata
    2: data
  codec:
    0: stored
    1: zstd
    2: long_zstd
  block_type:
    1: top
    2: snapshot
    3: dir_leaf
    4: dir_inner
    5: indirect
    6: recipe
