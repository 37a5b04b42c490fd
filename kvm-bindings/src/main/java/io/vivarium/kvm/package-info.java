/**
 * KVM, the Linux kernel's virtual machine interface: one type per kind of descriptor, the shared
 * run page, and the structs as views.
 *
 * <p>Every ioctl of a vCPU belongs on the thread that runs it; a VM's may come from any thread.
 * What fails throws {@link io.vivarium.kvm.KvmException}, whose message is a sentence for a user.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.kvm;
