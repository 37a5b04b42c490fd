package io.vivarium;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The layers of the house: imports go one way, downwards. */
@AnalyzeClasses(packages = "io.vivarium", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String BINDINGS = "io.vivarium.kvm..";
  private static final String LINUX = "io.vivarium.linux..";
  private static final String IMAGES = "io.vivarium.images..";
  private static final String DEVICES = "io.vivarium.devices..";
  private static final String CLIENT = "io.vivarium.client..";

  @ArchTest
  static final ArchRule nativeCallsStayInTheBindings =
      noClasses()
          .that()
          .resideOutsideOfPackages(BINDINGS, LINUX)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.sun.jna..")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.foreign.Linker")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.foreign.SymbolLookup");

  @ArchTest
  static final ArchRule bindingsUseNothingOfOurs =
      noClasses()
          .that()
          .resideInAnyPackage(BINDINGS, LINUX)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              IMAGES,
              DEVICES,
              CLIENT,
              "io.vivarium.machine..",
              "io.vivarium.engine..",
              "io.vivarium.library..");

  @ArchTest
  static final ArchRule imagesUseNothingOfOurs =
      noClasses()
          .that()
          .resideInAPackage(IMAGES)
          .should()
          .dependOnClassesThat(
              com.tngtech.archunit.base.DescribedPredicate.describe(
                  "are ours and not images",
                  c ->
                      c.getPackageName().startsWith("io.vivarium.")
                          && !c.getPackageName().startsWith("io.vivarium.images")));

  @ArchTest
  static final ArchRule devicesKnowNoKvm =
      noClasses()
          .that()
          .resideInAPackage(DEVICES)
          .should()
          .dependOnClassesThat(
              com.tngtech.archunit.base.DescribedPredicate.describe(
                  "are ours, and neither devices nor the Disk contract",
                  c ->
                      c.getPackageName().startsWith("io.vivarium.")
                          && !c.getPackageName().startsWith("io.vivarium.devices")
                          && !c.getPackageName().startsWith("io.vivarium.images.disk")));

  @ArchTest
  static final ArchRule javaFxStaysInTheDesktop =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.vivarium.desktop..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("javafx..", "com.techsenger..", "org.kordamp..");

  @ArchTest
  static final ArchRule commandAndDesktopAreClients =
      noClasses()
          .that()
          .resideInAnyPackage("io.vivarium.cli..", "io.vivarium.desktop..")
          .should()
          .dependOnClassesThat(
              com.tngtech.archunit.base.DescribedPredicate.describe(
                  "are below the client side",
                  c ->
                      c.getPackageName().startsWith("io.vivarium.")
                          && !c.getPackageName().startsWith("io.vivarium.client")
                          && !c.getPackageName().startsWith("io.vivarium.cli")
                          && !c.getPackageName().startsWith("io.vivarium.desktop")));

  @ArchTest
  static final ArchRule onlyTheAssemblyKnowsConcreteDevices =
      noClasses()
          .that()
          .resideOutsideOfPackages(DEVICES, "io.vivarium.machine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.vivarium.devices.legacy..",
              "io.vivarium.devices.virtio..",
              "io.vivarium.devices.pci..");

  private ArchitectureTest() {}
}
