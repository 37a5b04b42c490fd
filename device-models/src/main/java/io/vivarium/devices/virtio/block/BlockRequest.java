package io.vivarium.devices.virtio.block;

import io.vivarium.devices.virtio.DescriptorChain;
import io.vivarium.devices.virtio.GuestBuffer;
import io.vivarium.devices.virtio.GuestFaultException;
import java.util.ArrayList;
import java.util.List;

/**
 * A block request (virtio 1.2, 5.2.6), every field read once and every range checked against the
 * disk. Offsets and lengths are bytes.
 */
sealed interface BlockRequest {
  /** Where the last writable byte, the status, stands. */
  GuestBuffer status();

  record Read(long offset, GuestBuffer data, GuestBuffer status) implements BlockRequest {}

  record Write(long offset, GuestBuffer data, GuestBuffer status) implements BlockRequest {}

  record Flush(GuestBuffer status) implements BlockRequest {}

  record GetId(GuestBuffer data, GuestBuffer status) implements BlockRequest {}

  record Discard(List<Range> ranges, GuestBuffer status) implements BlockRequest {}

  record WriteZeroes(List<Range> ranges, GuestBuffer status) implements BlockRequest {}

  /** A request that cannot be done, and the answer to it. */
  record Refused(int answer, GuestBuffer status) implements BlockRequest {}

  /** A piece of the disk. */
  record Range(long offset, long length, boolean mayUnmap) {}

  int OK = 0;
  int IO_ERROR = 1;
  int UNSUPPORTED = 2;

  int SECTOR = 512;
  int MAX_RANGES = 16;
  long MAX_RANGE_SECTORS = 1 << 22;

  /**
   * Parses a chain.
   *
   * @param sectors of the disk
   * @throws GuestFaultException when there is no whole header, or no byte for the status
   */
  static BlockRequest parse(DescriptorChain chain, long sectors, boolean readOnly)
      throws GuestFaultException {
    GuestBuffer in = chain.readable();
    GuestBuffer out = chain.writable();
    if (in.remaining() < 16 || out.remaining() < 1) {
      throw new GuestFaultException("a block request without header or status byte");
    }
    int type = in.getU32();
    in.getU32(); // reserved
    long sector = in.getU64();
    GuestBuffer data = out.take(out.remaining() - 1);
    GuestBuffer status = out;
    return switch (type) {
      case 0 ->
          inside(sector, data.remaining(), sectors)
              ? new Read(sector * SECTOR, data, status)
              : new Refused(IO_ERROR, status);
      case 1 ->
          !readOnly && inside(sector, in.remaining(), sectors)
              ? new Write(sector * SECTOR, in, status)
              : new Refused(IO_ERROR, status);
      case 4 -> new Flush(status);
      case 8 -> new GetId(data, status);
      case 11, 13 ->
          readOnly ? new Refused(IO_ERROR, status) : ranges(in, sectors, type == 13, status);
      default -> new Refused(UNSUPPORTED, status);
    };
  }

  private static BlockRequest ranges(
      GuestBuffer in, long sectors, boolean zeroes, GuestBuffer status) throws GuestFaultException {
    long size = in.remaining();
    if (size == 0 || size % 16 != 0 || size > 16 * MAX_RANGES) {
      return new Refused(IO_ERROR, status);
    }
    List<Range> ranges = new ArrayList<>();
    while (in.remaining() > 0) {
      long sector = in.getU64();
      long count = Integer.toUnsignedLong(in.getU32());
      int flags = in.getU32();
      if ((flags & ~(zeroes ? 1 : 0)) != 0) {
        return new Refused(UNSUPPORTED, status); // 5.2.6.2: reserved flags, or unmap in a discard
      }
      if (count > MAX_RANGE_SECTORS || !inside(sector, count * SECTOR, sectors)) {
        return new Refused(IO_ERROR, status);
      }
      ranges.add(new Range(sector * SECTOR, count * SECTOR, (flags & 1) != 0));
    }
    return zeroes ? new WriteZeroes(ranges, status) : new Discard(ranges, status);
  }

  /** Whether whole sectors from {@code sector} on lie in the disk; nothing here can wrap. */
  private static boolean inside(long sector, long length, long sectors) {
    return sector >= 0
        && sector <= sectors
        && length % SECTOR == 0
        && length / SECTOR <= sectors - sector;
  }
}
