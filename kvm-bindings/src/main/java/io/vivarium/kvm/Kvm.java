package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmRequests.KVM_CHECK_EXTENSION;
import static io.vivarium.kvm.abi.KvmRequests.KVM_CREATE_VM;
import static io.vivarium.kvm.abi.KvmRequests.KVM_GET_API_VERSION;
import static io.vivarium.kvm.abi.KvmRequests.KVM_GET_MSRS;
import static io.vivarium.kvm.abi.KvmRequests.KVM_GET_MSR_FEATURE_INDEX_LIST;
import static io.vivarium.kvm.abi.KvmRequests.KVM_GET_MSR_INDEX_LIST;
import static io.vivarium.kvm.abi.KvmRequests.KVM_GET_SUPPORTED_CPUID;
import static io.vivarium.kvm.abi.KvmRequests.KVM_GET_VCPU_MMAP_SIZE;

import io.vivarium.kvm.abi.KvmConstants;
import io.vivarium.kvm.abi.VcpuStructs.MsrList;
import io.vivarium.linux.Errno;
import io.vivarium.linux.ErrnoException;
import io.vivarium.linux.Fd;
import io.vivarium.linux.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The system descriptor {@code /dev/kvm}: what the host can do, and the maker of VMs. */
public final class Kvm implements AutoCloseable {
  public static final String DEVICE = "/dev/kvm";

  private final Fd fd;

  private Kvm(Fd fd) {
    this.fd = fd;
  }

  /** Opens {@code /dev/kvm} and checks that its API version is the stable one, 12. */
  public static Kvm open() throws KvmException {
    return open(DEVICE);
  }

  /** Opens KVM's device at another path than usual. */
  public static Kvm open(String path) throws KvmException {
    Fd fd;
    try {
      fd = Fd.open(path, Fd.O_RDWR, 0);
    } catch (ErrnoException e) {
      throw new KvmException(e.call(), e.errno(), Hints.forOpen(path, e.errno()));
    }
    Kvm kvm = new Kvm(fd);
    try {
      int version = kvm.apiVersion();
      if (version != KvmConstants.KVM_API_VERSION) {
        throw new KvmException(
            "KVM_GET_API_VERSION on " + path,
            Errno.EINVAL,
            "The API version is %d; only 12 is known, that of Linux 2.6.22 and later"
                .formatted(version));
      }
      return kvm;
    } catch (KvmException e) {
      kvm.close();
      throw e;
    }
  }

  public int apiVersion() throws KvmException {
    return Ioctl.call(fd, KVM_GET_API_VERSION, 0);
  }

  /**
   * KVM_CHECK_EXTENSION.
   *
   * @param capability a constant of {@link io.vivarium.kvm.abi.KvmCaps}
   * @return 0 when it is absent, else 1 or a number that the capability defines
   */
  public int checkExtension(int capability) throws KvmException {
    return Ioctl.call(fd, KVM_CHECK_EXTENSION, capability);
  }

  /** Bytes of a vCPU's shared area: the run page and what follows it. */
  public int vcpuMmapSize() throws KvmException {
    return Ioctl.call(fd, KVM_GET_VCPU_MMAP_SIZE, 0);
  }

  /** Makes an empty VM: no memory, no vCPU. */
  public KvmVm createVm() throws KvmException {
    int number = Ioctl.call(fd, KVM_CREATE_VM, 0);
    return new KvmVm(new Fd(number, "VM"), vcpuMmapSize());
  }

  /** The CPUID leaves that this host and KVM can give a guest. */
  public List<KvmCpuidEntry2> supportedCpuid() throws KvmException {
    return KvmCpuidEntry2.get(fd, KVM_GET_SUPPORTED_CPUID);
  }

  /** The MSRs that a guest's state consists of, to be saved and restored. */
  public int[] msrIndexList() throws KvmException {
    return indexList(KVM_GET_MSR_INDEX_LIST);
  }

  /** The MSRs that describe the host's features; read them by {@link #featureMsr}. */
  public int[] msrFeatureIndexList() throws KvmException {
    return indexList(KVM_GET_MSR_FEATURE_INDEX_LIST);
  }

  /** The value of a feature MSR. */
  public long featureMsr(int index) throws KvmException {
    List<KvmMsrEntry> values = KvmMsrEntry.get(fd, KVM_GET_MSRS, new int[] {index});
    if (values.isEmpty()) {
      throw new KvmException(
          "KVM_GET_MSRS of feature 0x%x on %s".formatted(index, fd.what()), Errno.EINVAL, null);
    }
    return values.getFirst().data();
  }

  private int[] indexList(long request) throws KvmException {
    int capacity = 1024;
    while (true) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment list = arena.allocate(MsrList.SIZE + 4L * capacity, 8);
        list.set(ValueLayout.JAVA_INT, MsrList.NMSRS, capacity);
        int result = LibC.ioctl(fd.number(), request, list.address());
        int errno = result < 0 ? LibC.errno() : 0;
        int count = list.get(ValueLayout.JAVA_INT, MsrList.NMSRS);
        if (errno == Errno.E2BIG && count > capacity) {
          capacity = count;
          continue;
        }
        if (errno != 0) {
          throw Ioctl.failure(fd, request, errno);
        }
        return list.asSlice(MsrList.INDICES, 4L * count).toArray(ValueLayout.JAVA_INT);
      }
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
