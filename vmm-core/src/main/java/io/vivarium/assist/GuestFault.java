package io.vivarium.assist;

/**
 * An exception of the guest's processor (SDM 3A, 6.15), raised by an assisted instruction and to be
 * injected instead of completing it. Carries no stack trace: it is guest behaviour, not a mistake.
 */
@SuppressWarnings("serial")
final class GuestFault extends Exception {
  static final int DEBUG = 1;
  static final int BREAKPOINT = 3;
  static final int INVALID_OPCODE = 6;
  static final int DEVICE_NOT_AVAILABLE = 7;
  static final int SEGMENT_NOT_PRESENT = 11;
  static final int STACK_SEGMENT = 12;
  static final int GENERAL_PROTECTION = 13;
  static final int PAGE = 14;
  static final int X87 = 16;

  /** Exception vector, 0 to 31. */
  final int vector;

  final boolean hasErrorCode;
  final int errorCode;

  /** The faulting linear address; only for {@link #PAGE}. */
  final long address;

  private GuestFault(int vector, boolean hasErrorCode, int errorCode, long address) {
    super("#" + vector + " error " + errorCode, null, false, false);
    this.vector = vector;
    this.hasErrorCode = hasErrorCode;
    this.errorCode = errorCode;
    this.address = address;
  }

  /** #UD. */
  static GuestFault invalidOpcode() {
    return new GuestFault(INVALID_OPCODE, false, 0, 0);
  }

  /** #NM. */
  static GuestFault deviceNotAvailable() {
    return new GuestFault(DEVICE_NOT_AVAILABLE, false, 0, 0);
  }

  /** #MF. */
  static GuestFault x87() {
    return new GuestFault(X87, false, 0, 0);
  }

  /** #GP. */
  static GuestFault generalProtection(int errorCode) {
    return new GuestFault(GENERAL_PROTECTION, true, errorCode, 0);
  }

  /** #NP. */
  static GuestFault segmentNotPresent(int errorCode) {
    return new GuestFault(SEGMENT_NOT_PRESENT, true, errorCode, 0);
  }

  /** #SS. */
  static GuestFault stackSegment(int errorCode) {
    return new GuestFault(STACK_SEGMENT, true, errorCode, 0);
  }

  /** #PF: {@code errorCode} as in SDM 3A, figure 4-12. */
  static GuestFault page(long address, int errorCode) {
    return new GuestFault(PAGE, true, errorCode, address);
  }

  /** A trap without error code (#BP, #DB): RIP already points behind the instruction. */
  static GuestFault trap(int vector) {
    return new GuestFault(vector, false, 0, 0);
  }
}
