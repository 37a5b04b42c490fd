package io.vivarium.devices.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The guest's physical memory as a bounds-checked view: the only way by which a device reaches it.
 *
 * <p>Every address and length comes from the guest and is checked here, without overflow, against
 * the RAM regions: a range must lie in one region whole. What lies outside (holes, device
 * registers, past the end) throws {@link GuestAddressException}. Values are little-endian and need
 * no alignment. Plain accesses give no order between threads: a ring that another thread fills uses
 * its own fences.
 */
public final class GuestMemory {
  /**
   * A run of RAM.
   *
   * @param guestAddress guest-physical address of its first byte
   * @param host the host memory behind it
   */
  public record Region(long guestAddress, MemorySegment host) {
    public Region {
      if (guestAddress < 0 || guestAddress + host.byteSize() < 0) {
        throw new IllegalArgumentException("region beyond 2^63: " + guestAddress);
      }
    }

    long end() {
      return guestAddress + host.byteSize();
    }
  }

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Region[] regions;
  private final TouchedPages lasting;
  private volatile @Nullable TouchedPages touched;

  /** Regions in any order; they must not overlap. */
  public GuestMemory(List<Region> regions) {
    this.regions = regions.toArray(Region[]::new);
    java.util.Arrays.sort(this.regions, Comparator.comparingLong(Region::guestAddress));
    for (int i = 1; i < this.regions.length; i++) {
      if (this.regions[i].guestAddress() < this.regions[i - 1].end()) {
        throw new IllegalArgumentException("RAM regions overlap");
      }
    }
    lasting = new TouchedPages(size());
  }

  /**
   * From now on remembers which pages devices reach, for a save that goes on while they work. A
   * range that a device got before this may still be written to: to be called while they pause.
   */
  public TouchedPages track() {
    TouchedPages pages = new TouchedPages(size());
    pages.addAll(lasting);
    touched = pages;
    return pages;
  }

  /** Ends what {@link #track} began. */
  public void untrack() {
    touched = null;
  }

  private void touch(Region region, long address, long length) {
    TouchedPages tracked = touched;
    if (tracked != null) {
      tracked.add(offset(region, address), length);
    }
  }

  /** Where an address stands in all of RAM, the holes left out. */
  private long offset(Region region, long address) {
    long before = 0;
    for (Region one : regions) {
      before += one.guestAddress() < region.guestAddress() ? one.host().byteSize() : 0;
    }
    return before + address - region.guestAddress();
  }

  public List<Region> regions() {
    return List.of(regions);
  }

  /** Bytes of RAM in all regions. */
  public long size() {
    long size = 0;
    for (Region region : regions) {
      size += region.host().byteSize();
    }
    return size;
  }

  /** Whether {@code length} bytes from {@code address} lie in one region whole. */
  public boolean contains(long address, long length) {
    return find(address, length) != null;
  }

  /** The host memory behind a range. Throws {@link GuestAddressException} unless all is RAM. */
  public MemorySegment slice(long address, long length) {
    Region region = find(address, length);
    if (region == null) {
      throw new GuestAddressException(address, length);
    }
    touch(region, address, length);
    return region.host().asSlice(address - region.guestAddress(), length);
  }

  /** As {@link #slice}, for a range that its device writes to for a long time, as a ring. */
  public MemorySegment lastingSlice(long address, long length) {
    MemorySegment range = slice(address, length);
    Region region = require(address, length);
    lasting.add(offset(region, address), length);
    touch(region, address, length);
    return range;
  }

  public int getU8(long address) {
    Region region = require(address, 1);
    return region.host().get(ValueLayout.JAVA_BYTE, address - region.guestAddress()) & 0xff;
  }

  public int getU16(long address) {
    Region region = require(address, 2);
    return region.host().get(U16, address - region.guestAddress()) & 0xffff;
  }

  public int getU32(long address) {
    Region region = require(address, 4);
    return region.host().get(U32, address - region.guestAddress());
  }

  public long getU64(long address) {
    Region region = require(address, 8);
    return region.host().get(U64, address - region.guestAddress());
  }

  public void setU8(long address, int value) {
    Region region = require(address, 1);
    touch(region, address, 1);
    region.host().set(ValueLayout.JAVA_BYTE, address - region.guestAddress(), (byte) value);
  }

  public void setU16(long address, int value) {
    Region region = require(address, 2);
    touch(region, address, 2);
    region.host().set(U16, address - region.guestAddress(), (short) value);
  }

  public void setU32(long address, int value) {
    Region region = require(address, 4);
    touch(region, address, 4);
    region.host().set(U32, address - region.guestAddress(), value);
  }

  public void setU64(long address, long value) {
    Region region = require(address, 8);
    touch(region, address, 8);
    region.host().set(U64, address - region.guestAddress(), value);
  }

  public void read(long address, byte[] target) {
    MemorySegment.copy(
        slice(address, target.length), ValueLayout.JAVA_BYTE, 0, target, 0, target.length);
  }

  public void write(long address, byte[] source) {
    MemorySegment.copy(
        source, 0, slice(address, source.length), ValueLayout.JAVA_BYTE, 0, source.length);
  }

  private Region require(long address, long length) {
    Region region = find(address, length);
    if (region == null) {
      throw new GuestAddressException(address, length);
    }
    return region;
  }

  private @Nullable Region find(long address, long length) {
    if (address < 0 || length < 0) {
      return null;
    }
    for (Region region : regions) {
      long offset = address - region.guestAddress();
      if (offset >= 0 && offset <= region.host().byteSize() - length) {
        return region;
      }
    }
    return null;
  }
}
