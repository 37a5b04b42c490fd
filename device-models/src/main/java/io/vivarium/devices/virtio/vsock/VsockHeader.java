package io.vivarium.devices.virtio.vsock;

import io.vivarium.devices.virtio.GuestBuffer;
import io.vivarium.devices.virtio.GuestFaultException;

/**
 * A packet's header (virtio 1.2, 5.10.6), each field read once. Ports and counters are unsigned 32
 * bit numbers.
 */
record VsockHeader(
    long sourceCid,
    long targetCid,
    long sourcePort,
    long targetPort,
    long length,
    int type,
    int operation,
    int flags,
    long bufferSize,
    long forwarded) {
  static final int SIZE = 44;
  static final int STREAM = 1;

  static final int REQUEST = 1;
  static final int RESPONSE = 2;
  static final int RESET = 3;
  static final int SHUTDOWN = 4;
  static final int DATA = 5;
  static final int CREDIT_UPDATE = 6;
  static final int CREDIT_REQUEST = 7;

  /** SHUTDOWN: the sender receives no more, sends no more. */
  static final int NO_RECEIVE = 1;

  static final int NO_SEND = 2;

  static VsockHeader read(GuestBuffer in) throws GuestFaultException {
    return new VsockHeader(
        in.getU64(),
        in.getU64(),
        Integer.toUnsignedLong(in.getU32()),
        Integer.toUnsignedLong(in.getU32()),
        Integer.toUnsignedLong(in.getU32()),
        in.getU16(),
        in.getU16(),
        in.getU32(),
        Integer.toUnsignedLong(in.getU32()),
        Integer.toUnsignedLong(in.getU32()));
  }

  void write(GuestBuffer out) throws GuestFaultException {
    out.putU64(sourceCid);
    out.putU64(targetCid);
    out.putU32((int) sourcePort);
    out.putU32((int) targetPort);
    out.putU32((int) length);
    out.putU16(type);
    out.putU16(operation);
    out.putU32(flags);
    out.putU32((int) bufferSize);
    out.putU32((int) forwarded);
  }
}
