/**
 * The kernel's contract in numbers: ioctl requests, capabilities, constants and struct layouts of
 * {@code linux/kvm.h} and {@code asm/kvm.h} (x86-64), under the names that those headers use.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.kvm.abi;
