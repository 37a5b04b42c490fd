package io.vivarium.assist;

import java.util.Locale;

/** The instructions that this package performs, by their SDM mnemonics. */
enum Op {
  CLAC,
  STAC,
  XGETBV,
  XSAVE,
  XSAVEOPT,
  XSAVEC,
  XSAVES,
  XRSTOR,
  XRSTORS,
  FXSAVE,
  FXRSTOR,
  LDMXCSR,
  STMXCSR,
  FWAIT,
  FNINIT,
  FNCLEX,
  FNSTCW,
  FLDCW,
  FNSTSW,
  INT3,
  INT,
  IRET,
  CMPXCHG16B,
  MOVBE_LOAD,
  MOVBE_STORE,
  CRC32,
  POPCNT,
  TZCNT,
  LZCNT,
  ANDN,
  BLSR,
  BLSMSK,
  BLSI,
  BZHI,
  BEXTR,
  SHLX,
  SHRX,
  SARX,
  RORX,
  MULX,
  PDEP,
  PEXT,
  ADCX,
  ADOX,
  RDFSBASE,
  RDGSBASE,
  WRFSBASE,
  WRGSBASE,
  RDRAND,
  RDSEED,
  /** LFENCE, MFENCE, SFENCE: leaving the guest has ordered everything already. */
  FENCE,
  /** CLFLUSH, CLFLUSHOPT, CLWB: caches are coherent, only the address is checked. */
  CACHE_FLUSH,
  /** Not known here, or cut off. */
  UNKNOWN;

  /** The counter's name, as "clac". */
  String mnemonic() {
    return name().toLowerCase(Locale.ROOT);
  }
}
