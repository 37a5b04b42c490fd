package io.vivarium.kvm;

/**
 * What a linear address leads to, {@code struct kvm_translation}.
 *
 * @param physicalAddress guest-physical address, where valid
 * @param valid whether the guest's page tables map it
 */
public record KvmTranslation(
    long linearAddress, long physicalAddress, boolean valid, boolean writeable, boolean usermode) {}
