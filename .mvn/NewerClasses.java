import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.constant.ClassDesc;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Rewrites the classes of a jar that are older than Java 6 as Java 8 ones: an AOT cache takes none that the old verifier
 * would have to pass. Picocli, built for Java 5, was most of what a short command cost. {@code java NewerClasses.java JAR}
 */
public final class NewerClasses {
  public static void main(String[] args) throws IOException {
    try (FileSystem jar = FileSystems.newFileSystem(Path.of(args[0]))) {
      Path root = jar.getRootDirectories().iterator().next();
      ClassFile classFile =
          ClassFile.of(
              ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
              ClassFile.ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofResourceParsing(name -> open(root, name))
                      .orElse(ClassHierarchyResolver.defaultResolver())));
      List<Path> classes;
      try (var all = Files.walk(root)) {
        classes = all.filter(file -> file.toString().endsWith(".class")).toList();
      }
      for (Path file : classes) {
        byte[] bytes = Files.readAllBytes(file);
        int major = (bytes[6] & 0xff) << 8 | bytes[7] & 0xff;
        if (major < ClassFile.JAVA_6_VERSION) {
          Files.write(file, classFile.transformClass(classFile.parse(bytes), newer()));
        }
      }
    }
  }

  private static ClassTransform newer() {
    return (to, element) -> {
      switch (element) {
        case ClassFileVersion _ -> to.withVersion(ClassFile.JAVA_8_VERSION, 0);
        case MethodModel method ->
            to.transformMethod(method, MethodTransform.transformingCode(CodeTransform.ACCEPT_ALL));
        default -> to.with(element);
      }
    };
  }

  private static InputStream open(Path root, ClassDesc name) {
    Path file = root.resolve(name.packageName().replace('.', '/')).resolve(name.displayName() + ".class");
    try {
      return Files.exists(file) ? Files.newInputStream(file) : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
