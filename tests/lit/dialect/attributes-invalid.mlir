// RUN: lacuna-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{active[0] is negative}}
func.func private @f() attributes {s = #lacuna.unstructured<active = [-1]>}

// -----

// expected-error@+1 {{active must be strictly ascending, but active[1] = 3 follows 3}}
func.func private @f() attributes {s = #lacuna.channel<active = [3, 3]>}

// -----

// Units are 32-bit in streams: a larger one must not wrap to a valid one.
// expected-error@+1 {{active[1] = 4294967296 exceeds 32 bits}}
func.func private @f() attributes {s = #lacuna.unstructured<active = [1, 4294967296]>}

// -----

// expected-error@+1 {{a block must have at least one row, not 0}}
func.func private @f() attributes {s = #lacuna.block<rows = 0>}

// -----

// expected-error@+2 {{integer value too large}}
// expected-error@+1 {{failed to parse Lacuna_BlockAttr parameter 'rows'}}
func.func private @f() attributes {s = #lacuna.block<rows = 99999999999999999999>}

// -----

// expected-error@+1 {{active must be strictly ascending, but active[1] = 2 follows 5}}
func.func private @f() attributes {s = #lacuna.block<rows = 2, active = [5, 2]>}

// -----

// expected-error@+1 {{a pattern library must not be empty}}
func.func private @f() attributes {s = #lacuna.pattern<library = []>}

// -----

// expected-error@+1 {{a pattern must be a non-empty list of taps}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[1], []]>}

// -----

// expected-error@+1 {{a pattern must be a non-empty list of taps}}
func.func private @f() attributes {s = #lacuna.pattern<library = ["x"]>}

// -----

// expected-error@+1 {{a pattern must be a non-empty list of taps}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[1 : i128]]>}

// -----

// expected-error@+1 {{pattern[0] is negative}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[-1]]>}

// -----

// expected-error@+1 {{pattern must be strictly ascending, but pattern[1] = 0 follows 1}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[1, 0]]>}

// -----

// expected-error@+1 {{tap 256 exceeds 255}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[256]]>}

// -----

// expected-error@+1 {{active and ids must have the same length}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[1]], active = [2]>}

// -----

// expected-error@+1 {{active and ids must have the same length}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[1]], active = [2], ids = [0, 0]>}

// -----

// expected-error@+1 {{pattern id 1 is outside the library of 1}}
func.func private @f() attributes {s = #lacuna.pattern<library = [[1]], active = [2], ids = [1]>}

// -----

// expected-error@+1 {{tile must be [batch blocks, rows, columns]}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 16, tile = [4, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, level = specialised>}

// -----

// expected-error@+1 {{panel must be [channels, pixels]}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [4], taps = 9, unroll = 1, level = specialised>}

// -----

// expected-error@+1 {{every extent of a schedule must be between 1 and 65536}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 0, panel = [4, 4], taps = 9, unroll = 1, level = specialised>}

// -----

// expected-error@+1 {{every extent of a schedule must be between 1 and 65536}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 16, tile = [1, 4611686018427387904, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, level = specialised>}

// -----

// expected-error@+1 {{every extent of a schedule must be between 1 and 65536}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 65537, panel = [4, 4], taps = 9, unroll = 1, level = specialised>}

// -----

// expected-error@+1 {{lanes must be a power of two up to 64, not 128}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 128, tile = [1, 4, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, level = specialised>}

// -----

// expected-error@+1 {{lanes must be a power of two up to 64, not 12}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 12, tile = [1, 4, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, level = specialised>}

// -----

// expected-error@+2 {{expected a level, one of: stream, specialised}}
// expected-error@+1 {{failed to parse Lacuna_ScheduleAttr parameter 'level'}}
func.func private @f() attributes {s = #lacuna.schedule<lanes = 16, tile = [1, 4, 4], chunk = 16, panel = [4, 4], taps = 9, unroll = 1, level = baked>}

// -----

// expected-error@+1 {{unknown attribute `nothing` in dialect `lacuna`}}
func.func private @f() attributes {s = #lacuna.nothing}
